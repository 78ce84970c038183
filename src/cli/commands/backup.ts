/** `assetwire backup`: copies the data directory while the server runs. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { OperatorError } from '../../runtime/operator-error.ts';
import { withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { printJson } from '../output.ts';

type BackupOptions = { readonly json?: boolean; readonly dataDir?: string; readonly withoutKey?: boolean };

export function define(command: Command, context: CliContext): void {
  command
    .argument('<directory>', 'where the backup goes; must not exist')
    .addOption(new Option('--data-dir <directory>', 'the data directory; else ASSETWIRE_DATA_DIR, else ./data'))
    .addOption(new Option('--without-key', 'leave out encryption.key: keep it apart from the backup'))
    .addOption(new Option('--json', 'answer in JSON'))
    .addHelpText(
      'after',
      '\nA backup is a data directory: to restore it, start a server on a copy of it. Everything that was answered with 2xx\n' +
        'before the command began is in it. Runs beside the server, on its machine and as its user.',
    )
    .action((directory: string, options: BackupOptions) => backup(directory, options, context));
  withExamples(command, ['assetwire backup /backups/assetwire-2026-11-22']);
}

async function backup(directory: string, options: BackupOptions, context: CliContext): Promise<void> {
  const { server, stdout, environment } = context;
  if (server.backUp === undefined) throw new TypeError('The backup must be handed in: it is not');
  if (environment['ASSETWIRE_DATABASE_URL'] !== undefined) {
    throw new OperatorError('configuration', 'The store must be SQLite: ASSETWIRE_DATABASE_URL names another one', {
      mend: 'Back up PostgreSQL with its own tools',
    });
  }
  const dataDir = options.dataDir ?? environment['ASSETWIRE_DATA_DIR'] ?? './data';
  const result = await server.backUp({
    dataDir,
    destination: directory,
    withoutKey: options.withoutKey === true,
  });
  if (options.json === true) {
    printJson(stdout, result);
    return;
  }
  const mebibytes = (bytes: number): string => `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
  stdout.write(
    `${result.directory}\n` +
      `  store  ${mebibytes(result.storeBytes)}\n` +
      `  files  ${result.files.toLocaleString('en')}, ${mebibytes(result.fileBytes)}\n` +
      `  key    ${result.holdsKey ? 'in the backup: who has it can read every secret' : 'not in the backup: it cannot be restored without it'}\n`,
  );
}
