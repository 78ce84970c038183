/** Packs both packages as `npm pack` would, each in a directory of its own: the tree is left alone. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildServer } from '../build.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
};

export type Packed = {
  readonly manifest: Manifest;
  readonly tarball: string;
  /** Paths inside the tarball, sorted. */
  readonly files: readonly string[];
  /** The directory that was packed. */
  readonly directory: string;
};

function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

/** Runs npm, without network, and answers with what it said. Scripts of packages do not run: nothing that ships may need one. */
export function npm(args: readonly string[], cwd: string, cache: string): string {
  const line = [
    ...args,
    '--ignore-scripts',
    '--offline',
    '--cache',
    cache,
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const ended = spawnSync('npm', line, { cwd, encoding: 'utf8', timeout: 60_000 });
  if (ended.status !== 0) throw new Error(`npm ${args.join(' ')} must work:\n${ended.stdout}${ended.stderr}`);
  return ended.stdout;
}

function pack(directory: string, temporary: string): Packed {
  const said = npm(['pack', '--json', '--pack-destination', temporary], directory, join(temporary, 'cache'));
  const [packed] = JSON.parse(said) as { filename: string; files: { path: string }[] }[];
  if (packed === undefined) throw new Error('npm pack must name a tarball');
  const files = packed.files.map(({ path }) => path).toSorted();
  return { manifest: readManifest(directory), tarball: join(temporary, packed.filename), files, directory };
}

/** The server as it would be packed after `npm run build`, in a directory of its own: the tree is left alone. */
export function packServer(temporary: string): Packed {
  const directory = join(temporary, 'server');
  mkdirSync(directory, { recursive: true });
  const { files } = readManifest(root);
  for (const name of ['package.json', 'README.md', 'LICENSE', ...files]) {
    if (name !== 'dist') cpSync(join(root, name), join(directory, name), { recursive: true });
  }
  buildServer({ outDir: join(directory, 'dist'), checkTypes: false });
  return pack(directory, temporary);
}

/** The receivers' package, built by its own configuration. */
export function packReceiver(temporary: string): Packed {
  const from = join(root, 'packages', 'receiver');
  const directory = join(temporary, 'receiver');
  mkdirSync(directory, { recursive: true });
  for (const name of ['package.json', 'README.md', 'LICENSE']) cpSync(join(from, name), join(directory, name));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '--project', join(from, 'tsconfig.build.json'), '--outDir', join(directory, 'dist')];
  const built = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The receiver must compile:\n${built.stdout}${built.stderr}`);
  return pack(directory, temporary);
}
