/** A small file that the user named. What cannot be read is theirs to mend, not a bug of ours. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { systemCode } from '../runtime/operator-error.ts';
import { CommandError } from './error-report.ts';
import { exitCodes } from './exit-codes.ts';

/** The file as text; `-` is standard input. */
export async function readTextFile(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    const found =
      code === 'EISDIR' ? 'is a directory' : code === 'ENOENT' ? 'is not' : `cannot be read (${code ?? 'unknown'})`;
    throw new CommandError(`File must be there: ${JSON.stringify(file)} ${found}`, 'Check the path', exitCodes.usage);
  }
}
