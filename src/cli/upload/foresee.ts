/** What is certain to be refused of an upload, said by a dry run: nobody plans with it only to be told afterwards. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { assetNameOf } from '../../app/asset-name.ts';
import { AssetwireError } from '../../core/errors.ts';
import { readFolderPath } from '../../core/folder-path.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import type { LocalFile } from './find-files.ts';

export type Foreseen = { readonly code: string; readonly message: string };

/** Why the server or the disk will refuse this file; null where nothing speaks against it. */
export async function foresee(file: LocalFile): Promise<Foreseen | null> {
  return refusedName(file) ?? refusedFolder(file) ?? (await refusedFile(file));
}

function refusedName({ name }: LocalFile): Foreseen | null {
  // As the schema of the API has it.
  if (/\p{Cc}/u.test(name))
    return refusal(
      'the part "asset"',
      `/name wants text without line breaks or other control characters, found ${JSON.stringify(name)}`,
    );
  try {
    assetNameOf(name);
    return null;
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    return { code: error.code, message: error.message };
  }
}

function refusedFolder({ folder }: LocalFile): Foreseen | null {
  const read = readFolderPath(folder);
  return read.path === null ? refusal('the request', `/path wants ${read.wanted}, found ${read.found}`) : null;
}

async function refusedFile({ path }: LocalFile): Promise<Foreseen | null> {
  try {
    await access(path, constants.R_OK);
    return null;
  } catch (error) {
    const code = systemCode(error);
    if (code === null) throw error;
    return { code: 'file_unreadable', message: `The file must be readable: ${code}` };
  }
}

function refusal(where: string, what: string): Foreseen {
  return { code: 'invalid_request', message: `Check ${where}: ${what}` };
}
