/**
 * Folder paths: absolute, one spelling each. Every way in (upload, push, patch, reported change, folder filters) reads
 * them here, so that `/a/b/` and `/a//b` are the folder `/a/b` everywhere and `/a/../b` is one nowhere.
 */
import { limits } from './limits.ts';
import { isBlank } from './spelling.ts';

/** A path in its one spelling, or what was wanted instead and what was found. */
export type ReadFolderPath =
  | { readonly path: string }
  | { readonly path: null; readonly wanted: string; readonly found: string };

/** Most paths are plain and short: one linear look, nothing built. 128 characters hold at most 64 folders. */
const plain = /^(?:\/[\w-][\w .-]*)+$/;
const plainCharactersMax = 128;

/**
 * Reads a folder path. Normalised: repeated slashes become one, a slash at the end goes, letters with accents are composed
 * (Unicode NFC). Refused: paths that do not begin with `/`, folders called `.` or `..`, control characters, backslashes,
 * folders whose name is blanks only, and what is over `folderPathCharactersMax`, `folderNameBytesMax` or `folderDepthMax`.
 * Blanks, dots and case are kept as they are.
 */
export function readFolderPath(given: string): ReadFolderPath {
  if (given === '/' || (given.length <= plainCharactersMax && plain.test(given))) return { path: given };
  if (given.length > limits.folderPathCharactersMax) {
    return refused(`at most ${limits.folderPathCharactersMax} characters`, `${given.length} characters`);
  }
  if (!given.startsWith('/')) return refused('an absolute path, such as /campaigns/spring', shown(given));
  const folders = given
    .normalize('NFC')
    .split('/')
    .filter((folder) => folder !== '');
  if (folders.length > limits.folderDepthMax) {
    return refused(`at most ${limits.folderDepthMax} folders in each other`, `${folders.length}`);
  }
  for (const folder of folders) {
    const problem = problemOfFolder(folder);
    if (problem !== null) return problem;
  }
  return { path: `/${folders.join('/')}` };
}

/** The one spelling of a path that is known to be sound, or was accepted before there were rules: then as it stands. */
export function normalFolderPath(given: string): string {
  return readFolderPath(given).path ?? given;
}

/** Whether `path` is `folder` or lies below it. Both in their one spelling. */
export function liesIn(path: string, folder: string): boolean {
  if (folder === '/' || path === folder) return true;
  return path.length > folder.length && path.charCodeAt(folder.length) === 0x2f && path.startsWith(folder);
}

/** The folder that a folder lies in; null for the root. */
export function parentFolder(path: string): string | null {
  if (path === '/') return null;
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}

/** The last part of a path; empty for the root. */
export function folderName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The path of a folder of this name in another one. */
export function pathIn(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

/** Where something in `from`, or `from` itself, lies once `from` is `to`. */
export function pathMoved(path: string, from: string, to: string): string {
  if (path === from) return to;
  const below = from === '/' ? path : path.slice(from.length);
  return to === '/' ? below : `${to}${below}`;
}

/** The folders that a path goes through, from below the root to itself. */
export function foldersOnTheWay(path: string): readonly string[] {
  const folders: string[] = [];
  for (let at: string | null = path; at !== null && at !== '/'; at = parentFolder(at)) folders.push(at);
  return folders.reverse();
}

function problemOfFolder(folder: string): ReadFolderPath | null {
  if (folder === '.' || folder === '..') return refused('a path without . and .. as folders', `"${folder}"`);
  if (/[\p{Cc}\u2028\u2029]/u.test(folder)) return refused('folder names without control characters', shown(folder));
  if (folder.includes('\\')) return refused('folders separated by /', shown(folder));
  if (isBlank(folder)) return refused('folder names that are not blank', 'blanks only');
  const bytes = new TextEncoder().encode(folder).length;
  if (bytes > limits.folderNameBytesMax)
    return refused(`folder names of at most ${limits.folderNameBytesMax} bytes`, `${bytes} bytes`);
  return null;
}

function refused(wanted: string, found: string): ReadFolderPath {
  return { path: null, wanted, found };
}

const shownCharactersMax = 60;

function shown(text: string): string {
  const clean = text.replace(/[\p{Cc}\u2028\u2029]/gu, '\u{FFFD}');
  return JSON.stringify(clean.length > shownCharactersMax ? `${clean.slice(0, shownCharactersMax)}…` : clean);
}
