/** `assetwire verify`: was this request signed with this secret? For those who write a receiver and do not believe their eyes. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { systemCode } from '../../runtime/operator-error.ts';
import { withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { momentOption } from '../moments.ts';
import { coloursOf, printJson } from '../output.ts';
import { readRequest } from '../stored-request.ts';

type VerifyOptions = {
  readonly dialect: string;
  readonly secretFile?: string;
  readonly at?: number;
  readonly json?: boolean;
};

const bytesMax = 16 * 1024 * 1024;

export function define(command: Command, context: CliContext): void {
  command
    .addArgument(
      new Argument(
        '<file>',
        'the request: an HTTP message as it came (headers, empty line, body), or JSON with headers and bodyBase64 as of an inbox; - for standard input',
      ),
    )
    .addOption(new Option('--dialect <id>', 'how the sender speaks').default('standard'))
    .addOption(new Option('--secret-file <file>', 'file with the signing secret, one a line; else ASSETWIRE_SECRET'))
    .addOption(momentOption('--at <time>', 'judge freshness as of this time; now where absent', context))
    .addOption(new Option('--json', 'answer in JSON'))
    .action((file: string, options: VerifyOptions) => verify(file, options, context));
  withExamples(command, [
    'assetwire verify request.http --secret-file secret.txt',
    'assetwire verify request.json --dialect standard --secret-file secret.txt --at 2026-11-22T12:00Z',
  ]);
  command.addHelpText(
    'after',
    '\nNothing is sent anywhere; no server is needed. Exit code 1: the signature does not verify.',
  );
}

async function verify(file: string, options: VerifyOptions, context: CliContext): Promise<void> {
  const request = readRequest(await bytesOf(file));
  const secrets = await secretsOf(options, context);
  const nowMs = options.at ?? context.clock.nowMs();
  const check = await context.server.verify?.(options.dialect, { ...request, secrets, nowMs });
  if (check === undefined || check === null)
    throw new CommandError(
      `Dialect must be one that is known: ${JSON.stringify(options.dialect)} is not`,
      'assetwire dialects list shows them',
      exitCodes.usage,
    );
  const verified = check.result === 'verified';
  if (options.json === true)
    printJson(context.stdout, { ...check, dialect: options.dialect, bodyBytes: request.body.length });
  if (!verified)
    throw new CommandError(
      `Signature must verify: ${check.result}${check.detail === '' ? '' : `: ${check.detail}`}`,
      'Is it the secret of this webhook, the body byte for byte, and every header? Of an old request, judge it --at its time',
    );
  if (options.json === true) return;
  const { green } = coloursOf(context.stdout);
  context.stdout.write(`${green('✓')} verified${check.detail === '' ? '' : `: ${check.detail}`}\n`);
}

async function bytesOf(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  try {
    const bytes = await readFile(file);
    if (bytes.length <= bytesMax) return bytes;
  } catch (error) {
    throw new CommandError(
      `File must be readable: ${JSON.stringify(file)} is not (${systemCode(error) ?? 'error'})`,
      'Check the path',
      exitCodes.usage,
    );
  }
  throw new CommandError('Request must have a sane size: it has more than 16 MiB', null, exitCodes.usage);
}

async function secretsOf({ secretFile }: VerifyOptions, { environment }: CliContext): Promise<readonly string[]> {
  const text =
    secretFile === undefined ? environment['ASSETWIRE_SECRET'] : (await bytesOf(secretFile)).toString('utf8');
  const secrets = (text ?? '').split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  if (secrets.length > 0) return secrets;
  throw new CommandError(
    'Secret must be given: there is none',
    'Name a --secret-file, or set ASSETWIRE_SECRET',
    exitCodes.usage,
  );
}
