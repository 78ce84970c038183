/** Which files an upload means: those named, and those below the directories named, less what is left out. */
import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, matchesGlob, posix, relative, sep } from 'node:path';
import { systemCode } from '../../runtime/operator-error.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';

export type LocalFile = {
  readonly path: string;
  /** As the asset will be called. */
  readonly name: string;
  /** The folder it goes to: absolute, no slash at the end. */
  readonly folder: string;
  readonly bytes: number;
};

export type Selection = {
  /** The folder everything goes below. */
  readonly folder: string;
  /** Patterns; a file must fit one where there are any. Without a slash they are held against the name, else against the path below the directory named. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Takes names that begin with a dot too: `.DS_Store`, `.git`. */
  readonly hidden: boolean;
};

export type Found = {
  /** In order of their paths. */
  readonly files: readonly LocalFile[];
  /** Symbolic links below the directories: left out, for they may lead in circles. */
  readonly linksLeftOut: number;
  /** Directories below those named that must not be read (`lost+found` of a disk), with why. */
  readonly unreadable: readonly { readonly path: string; readonly code: string }[];
};

/** The files meant; directories become folders. A link that is named itself is followed. */
export async function findFiles(paths: readonly string[], selection: Selection): Promise<Found> {
  const found = new Map<string, LocalFile>();
  const links = new Set<string>();
  const unreadable = new Map<string, string>();
  for (const path of paths) {
    const stats = await statOrNull(path);
    if (stats === null)
      throw new CommandError(`File must be there: ${JSON.stringify(path)} is not`, 'Check the path', exitCodes.usage);
    // A pipe would be read until somebody writes into it.
    if (!stats.isFile() && !stats.isDirectory())
      throw new CommandError(
        `File must be one: ${JSON.stringify(path)} is a pipe, a socket or a device`,
        'Name files and directories; write what comes by a pipe into a file first',
        exitCodes.usage,
      );
    if (stats.isDirectory())
      for (const file of await filesBelow(path, selection, { links, unreadable })) found.set(file.path, file);
    else found.set(path, { path, name: basename(path), folder: folderOf(selection.folder), bytes: stats.size });
  }
  const files = [...found.values()].toSorted((left, right) => (left.path < right.path ? -1 : 1));
  return {
    files,
    linksLeftOut: links.size,
    unreadable: Array.from(unreadable, ([path, code]) => ({ path, code })),
  };
}

type PassedBy = { readonly links: Set<string>; readonly unreadable: Map<string, string> };

/** Adds what it passes by: links, and directories that it must not read. */
async function filesBelow(
  directory: string,
  selection: Selection,
  { links, unreadable }: PassedBy,
): Promise<readonly LocalFile[]> {
  const files: LocalFile[] = [];
  for await (const entry of entriesBelow(directory, selection, unreadable)) {
    const path = join(entry.parentPath, entry.name);
    const below = relative(directory, path);
    // What a link leads to may fit `include` where its own name does not.
    const isLink = entry.isSymbolicLink();
    if (isLink && isSelected(below.split(sep).join('/'), { ...selection, include: [] })) links.add(path);
    if (!entry.isFile()) continue;
    if (!isSelected(below.split(sep).join('/'), selection)) continue;
    const stats = await statOrNull(path);
    // Gone since the directory was read; or called something that is no UTF-8, which must not go unsaid: it fails when it is read.
    if (stats === null && !entry.name.includes('\u{FFFD}')) continue;
    const inside = dirname(below).split(sep).join('/');
    files.push({
      path,
      name: entry.name,
      folder: folderOf(posix.join(selection.folder, inside)),
      bytes: stats?.size ?? 0,
    });
  }
  return files;
}

async function* entriesBelow(
  top: string,
  { hidden }: Selection,
  unreadable: Map<string, string>,
): AsyncGenerator<Dirent> {
  const directories = [top];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const entry of await entriesOf(directory, directory === top ? null : unreadable)) {
      const isWanted = hidden || !entry.name.startsWith('.');
      if (entry.isDirectory() && isWanted) directories.push(join(directory, entry.name));
      yield entry;
    }
  }
}

/** Of a directory that must not be read none, and it is noted; with nowhere to note it, it throws. */
async function entriesOf(directory: string, unreadable: Map<string, string> | null): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    const code = systemCode(error);
    if (code === null || unreadable === null) throw error;
    // Gone since the one above it was read.
    if (code !== 'ENOENT' && code !== 'ENOTDIR') unreadable.set(directory, code);
    return [];
  }
}

/** Whether a path below a directory, with slashes, is meant. */
export function isSelected(path: string, { include, exclude, hidden }: Omit<Selection, 'folder'>): boolean {
  if (!hidden && path.split('/').some((part) => part.startsWith('.'))) return false;
  const fits = (pattern: string): boolean => matchesGlob(pattern.includes('/') ? path : posix.basename(path), pattern);
  return (include.length === 0 || include.some(fits)) && !exclude.some(fits);
}

function folderOf(folder: string): string {
  const normal = posix.normalize(`/${folder}`);
  return normal.length > 1 ? normal.replace(/\/+$/, '') : '/';
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}
