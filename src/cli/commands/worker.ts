/** `assetwire worker`: delivers what others have taken in; answers health and metrics only. */
import type { Command } from 'commander';
import { withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { defineServer } from './serve.ts';

export function define(command: Command, context: CliContext): void {
  defineServer(command, context, 'worker');
  withExamples(command, ['assetwire worker --data-dir /var/lib/assetwire-worker --port 8490']);
}
