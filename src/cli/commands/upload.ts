/** `assetwire upload`: files and whole directories, a few at a time, with progress. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import type { AssetInput, AssetView } from '../../app/app.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { CommandError, reportOf } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { coloursOf, createProgress, printJson, showBytes } from '../output.ts';
import { withConnection } from '../connection-options.ts';

type UploadOptions = ConnectionOptions & {
  readonly path?: string;
  readonly tag?: readonly string[];
  readonly collection?: readonly string[];
  readonly atOnce: number;
};

type LocalFile = { readonly path: string; readonly name: string; readonly folder: string; readonly bytes: number };

type Uploaded =
  | { readonly file: string; readonly asset: AssetView }
  | { readonly file: string; readonly error: { readonly code: string; readonly message: string } };

export function define(command: Command, context: CliContext): void {
  withConnection(command)
    .addArgument(new Argument('<paths...>', 'files or directories; directories become folders'))
    .addOption(new Option('--path <folder>', 'folder in Assetwire to put them in, such as /press/2026'))
    .addOption(new Option('--tag <tag...>', 'tags for each'))
    .addOption(new Option('--collection <name...>', 'collections for each'))
    .addOption(new Option('--at-once <count>', 'uploads at the same time').default(4).argParser(parseCount))
    .action(async (paths: string[], options: UploadOptions) => upload(paths, options, context));
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 32)
    throw new InvalidArgumentError('Wanted a number from 1 to 32.');
  return count;
}

async function upload(paths: readonly string[], options: UploadOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const files = await findFiles(paths, options.path ?? '/');
  if (files.length === 0)
    throw new CommandError('Upload must find files: there are none', 'Name files or directories that hold some');
  const results = await uploadAll(client, { files, options }, context);
  const failed = results.filter((result) => 'error' in result);
  if (options.json === true) printJson(context.stdout, { data: results });
  else printResults(results, context);
  if (failed.length > 0) {
    throw new CommandError(
      `Upload must take every file: ${failed.length} of ${files.length} failed`,
      'See the lines above',
      exitCodes.failed,
    );
  }
}

/** Uploads files side by side; a failure of one does not stop the others. Results are in the order of the files. */
async function uploadAll(
  client: Client,
  { files, options }: { readonly files: readonly LocalFile[]; readonly options: UploadOptions },
  context: CliContext,
): Promise<Uploaded[]> {
  const progress = createProgress(context);
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const sent = new Map<string, number>();
  const results: Uploaded[] = [];
  const queue = files.entries();
  const work = async (): Promise<void> => {
    for (const [index, file] of queue) {
      results[index] = await uploadOne(client, { file, options }, (bytes) => {
        sent.set(file.path, bytes);
        const done = [...sent.values()].reduce((sum, value) => sum + value, 0);
        progress.update(Math.min(done, total), total, `${showBytes(done)} of ${showBytes(total)}  ${file.name}`);
      });
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, work));
  progress.end();
  return results;
}

type Wanted = { readonly file: LocalFile; readonly options: Pick<UploadOptions, 'tag' | 'collection'> };

async function uploadOne(
  client: Client,
  { file: { path, name, folder, bytes }, options: { tag, collection } }: Wanted,
  onSent: (bytes: number) => void,
): Promise<Uploaded> {
  const asset: AssetInput = {
    name,
    path: folder,
    ...(tag === undefined ? {} : { tags: tag }),
    ...(collection === undefined ? {} : { collections: collection }),
  };
  try {
    const content = createReadStream(path, { highWaterMark: 256 * 1024 });
    return { file: path, asset: await client.upload<AssetView>({ name, bytes, content }, asset, onSent) };
  } catch (error) {
    const { code, message } = reportOf(error);
    return { file: path, error: { code, message } };
  }
}

/** Files below the paths given, in order of name. What begins with a dot is left out: `.DS_Store`, `.git`. */
async function findFiles(paths: readonly string[], folder: string): Promise<LocalFile[]> {
  const files: LocalFile[] = [];
  for (const path of paths) {
    const found = await statOrNull(path);
    if (found === null)
      throw new CommandError(`File must be there: ${JSON.stringify(path)} is not`, 'Check the path', exitCodes.usage);
    if (!found.isDirectory()) {
      files.push({ path, name: basename(path), folder: absoluteFolder(folder), bytes: found.size });
      continue;
    }
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const full = join(entry.parentPath, entry.name);
      const below = relative(path, full).split(sep);
      if (!entry.isFile() || below.some((part) => part.startsWith('.'))) continue;
      const inside = dirname(relative(path, full)).split(sep).join('/');
      const { size } = await stat(full);
      files.push({ path: full, name: entry.name, folder: absoluteFolder(posix.join(folder, inside)), bytes: size });
    }
  }
  return files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

function absoluteFolder(folder: string): string {
  const normal = posix.normalize(`/${folder}`);
  return normal.length > 1 ? normal.replace(/\/+$/, '') : '/';
}

async function statOrNull(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}

function printResults(results: readonly Uploaded[], { stdout }: CliContext): void {
  const colours = coloursOf(stdout);
  for (const result of results) {
    const line =
      'asset' in result
        ? `${colours.green('✓')} ${result.asset.id}  ${result.file}`
        : `${colours.red('✗')} ${result.file}  ${result.error.code}: ${result.error.message}`;
    stdout.write(`${line}\n`);
  }
}
