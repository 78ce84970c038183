/** A file sent as if it were being made: its bytes spread over a time. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';

const stepMs = 100;

/** The bytes of a file, or of standard input where `path` is `-`; over `seconds`, at once where that is 0. */
export async function bytesToStream(
  path: string,
  { seconds, clock }: { readonly seconds: number; readonly clock: Clock },
): Promise<Readable> {
  if (path === '-') return process.stdin;
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile())
    throw new CommandError(
      `Film must be a file, or - for standard input: ${JSON.stringify(path)}`,
      null,
      exitCodes.usage,
    );
  if (seconds === 0) return createReadStream(path);
  const highWaterMark = Math.max(1, Math.min(512 * 1024, Math.ceil((found.size * stepMs) / (seconds * 1_000))));
  return Readable.from(paced(createReadStream(path, { highWaterMark }), clock), { objectMode: false });
}

async function* paced(content: Readable, clock: Clock): AsyncGenerator<Buffer> {
  for await (const chunk of content as AsyncIterable<Buffer>) {
    yield chunk;
    await new Promise<void>((resolve) => clock.timer(stepMs, resolve));
  }
}
