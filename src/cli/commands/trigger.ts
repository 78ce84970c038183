/** `assetwire trigger`: reports a sample change of a kind, so that what webhooks make of it can be seen. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { ReportResult } from '../../app/app.ts';
import { changeKinds } from '../../core/change.ts';
import type { ChangeKind } from '../../core/change.ts';
import { sampleChange } from '../../core/sample-change.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { coloursOf, printJson } from '../output.ts';

/** What a DAM may report: what happens to webhooks themselves is Assetwire's own to say. */
export const triggerKinds: readonly ChangeKind[] = changeKinds.filter((kind) => !kind.startsWith('webhook.'));

type TriggerOptions = ConnectionOptions & { readonly externalId: string };

export function define(command: Command, context: CliContext): void {
  withConnection(command)
    .addArgument(new Argument('<kind>', 'what happens, such as asset.created').choices(triggerKinds))
    .addOption(new Option('--external-id <id>', 'what it happens to').default('assetwire-sample'))
    .action((kind: ChangeKind, options: TriggerOptions) => trigger(kind, options, context));
  withExamples(command, [
    'assetwire trigger asset.metadata_changed',
    'assetwire trigger folder.created --external-id f-1',
  ]);
  command.addHelpText(
    'after',
    '\nThe sample becomes the present state of its subject: use a workspace or a server where that does no harm.\n' +
      'One webhook alone is tried with: assetwire webhooks test',
  );
}

async function trigger(kind: ChangeKind, options: TriggerOptions, context: CliContext): Promise<void> {
  const { before, after, changed, subject } = sampleChange(kind);
  const report = { kind, subject: { type: subject.type, externalId: options.externalId }, before, after, changed };
  const { results } = await connect(options, context).send<{ readonly results: readonly ReportResult[] }>(
    'POST',
    '/v1/changes',
    report,
  );
  const [result] = results;
  if (options.json === true) printJson(context.stdout, { results });
  if (result?.status !== 'applied')
    throw new CommandError(
      `Sample must be applied: it was ${result?.status ?? 'not answered'}`,
      'Try another --external-id',
    );
  if (options.json === true) return;
  const { green } = coloursOf(context.stdout);
  const told = `${result.deliveries} ${result.deliveries === 1 ? 'delivery' : 'deliveries'}`;
  context.stdout.write(`${green('✓')} ${kind} of ${result.subject.type}:${result.subject.id}  ${told}\n`);
  if (result.deliveries === 0) context.stdout.write('  no webhook wants it: assetwire webhooks list\n');
}
