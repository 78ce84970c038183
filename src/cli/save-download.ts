/** Brings what the server holds into a file: whole or not at all, and never over a file that is there unless told to. */
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { systemCode } from '../runtime/operator-error.ts';
import type { Client } from './client.ts';
import type { CliContext } from './context.ts';
import { CommandError } from './error-report.ts';
import { exitCodes } from './exit-codes.ts';
import { interruptible } from './interrupt.ts';
import { coloursOf, printJson, showBytes } from './output.ts';

export type Download = {
  readonly path: string;
  /** `-`: standard output. */
  readonly output: string;
  readonly force?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/** Fetches `path` into the file named. Throws where the file is there or cannot be written. */
export async function saveDownload(
  client: Client,
  { path, output, force, json }: Download,
  context: CliContext,
): Promise<void> {
  if (output === '-') {
    await pipeline(await client.download(path), process.stdout, { end: false });
    return;
  }
  if (force !== true && existsSync(output))
    throw new CommandError(
      `File must not be there yet: ${JSON.stringify(output)} is`,
      'Name another, or add --force',
      exitCodes.usage,
    );
  const part = `${output}.part-${process.pid}`;
  let bytes = 0;
  try {
    await interruptible(context, async ({ signal }) => {
      const content = await client.download(path);
      content.on('data', (chunk: Buffer) => void (bytes += chunk.length));
      await pipeline(content, createWriteStream(part, { flags: 'wx' }), { signal });
      renameSync(part, output);
    });
  } catch (error) {
    if (existsSync(part)) rmSync(part);
    const code = systemCode(error);
    if (code === null || !/^(ENOENT|EACCES|EISDIR|ENOTDIR|ENOSPC|EROFS|EPERM)$/.test(code)) throw error;
    throw new CommandError(
      `File must be writable: ${JSON.stringify(output)} is not (${code})`,
      'Name another place',
      exitCodes.usage,
    );
  }
  if (json === true) printJson(context.stdout, { file: output, bytes });
  else context.stdout.write(`${coloursOf(context.stdout).green('✓')} ${output}  ${showBytes(bytes)}\n`);
}
