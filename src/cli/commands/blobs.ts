/** `assetwire blobs`: where files lie, moved. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { interruptible } from '../interrupt.ts';
import { createProgress, printJson, showBytes } from '../output.ts';

type CopyOptions = { readonly to: string; readonly dataDir?: string; readonly json?: boolean };

export function define(command: Command, context: CliContext): void {
  command
    .command('copy')
    .description('copy the files of a data directory into S3')
    .addOption(new Option('--to <url>', 'where they go: s3://bucket/prefix?region=…').makeOptionMandatory())
    .addOption(new Option('--data-dir <directory>', 'the data directory; else ASSETWIRE_DATA_DIR, else ./data'))
    .addOption(new Option('--json', 'answer in JSON'))
    .addHelpText(
      'after',
      '\nRuns beside the server, on its machine and as its user, and may be run again: what is there already is passed over.\n' +
        'Then stop the server, run it once more for what came last, and start the server with ASSETWIRE_BLOBS_URL.\n' +
        'Credentials are taken as the AWS SDK finds them, or from the URL: s3://KEY:SECRET@bucket.',
    )
    .action((options: CopyOptions) => copy(options, context));
  withExamples(command, ['assetwire blobs copy --to "s3://my-bucket/assetwire?region=eu-central-1"']);
}

async function copy({ to, dataDir, json }: CopyOptions, context: CliContext): Promise<void> {
  const { server, stdout, environment } = context;
  const { copyFiles } = server;
  if (copyFiles === undefined) throw new TypeError('The copy of files must be handed in: it is not');
  const progress = createProgress(context);
  const copied = await interruptible(context, async ({ signal }) => {
    try {
      return await copyFiles({
        dataDir: dataDir ?? environment['ASSETWIRE_DATA_DIR'] ?? './data',
        to,
        signal,
        onProgress: (files, bytes) =>
          progress.update(files, Number.MAX_SAFE_INTEGER, `${files} files, ${showBytes(bytes)}`),
      });
    } finally {
      progress.end();
    }
  });
  if (json === true) printJson(stdout, copied);
  else {
    stdout.write(`${copied.files} files, ${showBytes(copied.bytes)} copied; ${copied.present} were there already\n`);
  }
  if (copied.damaged.length === 0) return;
  throw new CommandError(
    `Files must be what their names say: ${copied.damaged.length} are not, first ${copied.damaged[0] ?? ''}`,
    'Restore them from a backup, then copy again: all others are there',
  );
}
