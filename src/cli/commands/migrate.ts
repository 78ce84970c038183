/** `assetwire migrate`: a whole installation moved from SQLite to PostgreSQL. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { OperatorError } from '../../runtime/operator-error.ts';
import { withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { interruptible } from '../interrupt.ts';
import { createProgress, printJson } from '../output.ts';

type MigrateOptions = { readonly dataDir?: string; readonly json?: boolean };

export function define(command: Command, context: CliContext): void {
  command
    .addOption(new Option('--from <store>', 'what is moved').choices(['sqlite']).makeOptionMandatory())
    .addOption(new Option('--to <store>', 'where it goes').choices(['postgres']).makeOptionMandatory())
    .addOption(new Option('--data-dir <directory>', 'the data directory; else ASSETWIRE_DATA_DIR, else ./data'))
    .addOption(new Option('--json', 'answer in JSON'))
    .addHelpText(
      'after',
      '\nThe target is the empty database that ASSETWIRE_DATABASE_URL names. Stop the server first: its store is locked\n' +
        'meanwhile, read and never written. Run it again if it was cut off: it goes on. At the end counts and hashes of every\n' +
        'table are compared. Files stay where they are: mount them (ASSETWIRE_SHARED_FILES_DIR) or copy them to S3\n' +
        '(assetwire blobs copy). Start the servers with the keys of the old one (encryption.key of the data directory).',
    )
    .action((options: MigrateOptions) => migrate(options, context));
  withExamples(command, ['assetwire migrate --from sqlite --to postgres --data-dir /var/lib/assetwire']);
}

async function migrate({ dataDir, json }: MigrateOptions, context: CliContext): Promise<void> {
  const { server, stdout, environment } = context;
  const { moveInstallation } = server;
  if (moveInstallation === undefined) throw new TypeError('The move must be handed in: it is not');
  const databaseUrl = environment['ASSETWIRE_DATABASE_URL'];
  if (databaseUrl === undefined || databaseUrl === '') {
    throw new OperatorError(
      'configuration',
      'The database to move to must be named: ASSETWIRE_DATABASE_URL is not set',
      {
        mend: 'ASSETWIRE_DATABASE_URL=postgres://user:password@host/database assetwire migrate --from sqlite --to postgres',
      },
    );
  }
  const progress = createProgress(context);
  const moved = await interruptible(context, async ({ signal }) => {
    try {
      return await moveInstallation({
        dataDir: dataDir ?? environment['ASSETWIRE_DATA_DIR'] ?? './data',
        databaseUrl,
        signal,
        onProgress: ({ what, done, all }) => progress.update(done, all, `${what} ${done} of ${all} rows`),
      });
    } finally {
      progress.end();
    }
  });
  if (json === true) {
    printJson(stdout, moved);
    return;
  }
  stdout.write(`${moved.rows.toLocaleString('en')} rows moved, counted and compared\n`);
  for (const [table, rows] of Object.entries(moved.byTable))
    stdout.write(`  ${table.padEnd(14)} ${rows.toLocaleString('en')}\n`);
}
