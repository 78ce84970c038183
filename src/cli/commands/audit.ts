/** `assetwire audit`: who did what. */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { JsonObject } from '../../core/json.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { momentOption } from '../moments.ts';
import { printPage, showTime } from '../output.ts';
import type { Column, PageAnswer } from '../output.ts';

/** As `GET /v1/audit` answers; only what is shown. */
type AuditEntry = {
  readonly id: string;
  readonly atMs: number;
  readonly actor: { readonly type: string; readonly id: string; readonly name?: string };
  readonly from?: { readonly address: string };
  readonly action: string;
  readonly target: string;
  readonly before?: JsonObject;
  readonly after?: JsonObject;
};

type ListOptions = ConnectionOptions &
  PageOptions & {
    readonly actor?: string;
    readonly action?: string;
    readonly target?: string;
    readonly since?: number;
    readonly until?: number;
  };

export function define(command: Command, context: CliContext): void {
  withPage(withConnection(command.command('list').description('list entries, newest first')))
    .addOption(new Option('--actor <type:id>', 'only what this user or key did, such as user:usr_01…'))
    .addOption(new Option('--action <action>', 'only this action, such as webhook.created'))
    .addOption(new Option('--target <type:id>', 'only what was done to this'))
    .addOption(momentOption('--since <time>', 'from then on: 2026-11-20T08:00Z, or an age: 6h, 2d', context))
    .addOption(momentOption('--until <time>', 'before then', context))
    .action((options: ListOptions) => list(options, context));
  withExamples(command, ['assetwire audit list --since 7d', 'assetwire audit list --action secret.revealed --json']);
}

const columns: readonly Column<AuditEntry>[] = [
  { title: 'AT', text: ({ atMs }) => showTime(atMs) },
  { title: 'WHO', text: ({ actor }) => actor.name ?? `${actor.type}:${actor.id}` },
  { title: 'FROM', text: ({ from }) => from?.address ?? '' },
  { title: 'ACTION', text: ({ action }) => action },
  { title: 'TARGET', text: ({ target }) => target },
];

async function list(options: ListOptions, context: CliContext): Promise<void> {
  const { limit, cursor, actor, action, target, since, until } = options;
  const query = { limit, cursor, actor, action, target, fromMs: since, toMs: until };
  const page = await connect(options, context).get<PageAnswer<AuditEntry>>('/v1/audit', query);
  printPage(context.stdout, page, { json: options.json, columns });
}
