/** `assetwire erase`: an asset or a person, out of the past as well. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { DataErasureView, ErasedPerson, ErasureEstimate, ErasureInput } from '../../app/erasure-cases.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { printJson } from '../output.ts';
import { printErasure } from './erasures.ts';

type EraseOptions = ConnectionOptions & { readonly dryRun?: boolean; readonly yes?: boolean };
type PersonOptions = EraseOptions & {
  readonly user?: string;
  readonly actor?: string;
  readonly email?: string;
  readonly name?: string;
};

export function define(command: Command, context: CliContext): void {
  const dryRun = (): Option => new Option('--dry-run', 'count what it would come to; erase nothing');
  const yes = (): Option => new Option('--yes', 'do not ask; for scripts');
  withConnection(command.command('asset').description('erase an asset: its files, its states, what was told of it'))
    .addArgument(new Argument('<asset>', 'by id, or as external:ID'))
    .addOption(
      new Option('--tell <seconds>', 'how long receivers may be told of its deletion; else an hour').argParser(Number),
    )
    .addOption(dryRun())
    .addOption(yes())
    .action((asset: string, { tell, ...options }: EraseOptions & { tell?: number }) =>
      erase({ asset, ...(tell === undefined ? {} : { tellSeconds: tell }) }, options, context),
    );
  withConnection(
    command.command('person').description('replace a person wherever he is named, and remove the user he is'),
  )
    .addOption(new Option('--user <id>', 'a user of the workspace: brings name and address along'))
    .addOption(new Option('--actor <id>', 'the id that a DAM reports him by'))
    .addOption(new Option('--email <address>', 'his address'))
    .addOption(new Option('--name <name>', 'his name'))
    .addOption(dryRun())
    .addOption(yes())
    .action((options: PersonOptions) => erase({ person: personOf(options) }, options, context));
  withExamples(command, [
    'assetwire erase asset ast_01… --dry-run',
    'assetwire erase person --email rosa@example.com --name "Rosa Example" --yes',
  ]);
}

function personOf({ user, actor, email, name }: PersonOptions): ErasedPerson {
  return {
    ...(user === undefined ? {} : { userId: user }),
    ...(actor === undefined ? {} : { actorId: actor }),
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
  };
}

async function erase(input: ErasureInput, options: EraseOptions, context: CliContext): Promise<void> {
  const { stdout, ask } = context;
  const client = connect(options, context);
  const estimate = await client.send<ErasureEstimate>('POST', '/v1/erasures', { ...input, dryRun: true });
  if (options.dryRun === true) {
    if (options.json === true) printJson(stdout, estimate);
    else stdout.write(`${wordsOf(estimate)}\n`);
    return;
  }
  if (options.yes !== true) {
    if (ask === undefined || options.json === true)
      throw new CommandError(
        'Erasure must be confirmed: nothing was erased',
        'Add --yes, or first --dry-run to see what it would come to',
      );
    const answer = await ask(`${wordsOf(estimate)}\nThis cannot be undone. Erase? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim()))
      throw new CommandError('Erasure must be confirmed: nothing was erased', 'Answer y, or add --yes');
  }
  printErasure(await client.send<DataErasureView>('POST', '/v1/erasures', input), options, context);
}

function wordsOf({ of, changes, deliveries, pending, rows, userId, complete }: ErasureEstimate): string {
  const at = complete ? '' : 'at least ';
  if (of === 'asset')
    return `${changes} changes, ${deliveries} deliveries of which ${pending} are still owed, ${rows} share links`;
  return `${at}${changes} changes and ${at}${rows} rows name him${userId === undefined ? '' : `; the user ${userId} is removed`}`;
}
