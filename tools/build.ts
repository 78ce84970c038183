/**
 * `npm run build`: what is packed for npm. Node refuses to strip types below `node_modules`, so the server's TypeScript becomes
 * JavaScript in `dist/`, file for file: what finds its neighbours by its own place (threads, the inspector, the page) finds
 * them there too. The documentation is made into pages here. Neither source maps nor declarations: the program has no API but its command line.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSite } from '../src/api/docs/make/build-site.ts';
import { packSite, siteFileName } from '../src/api/docs/site.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What of `src/` that is not TypeScript goes along: page files, not tests, their fixtures, or notes for those who change the source. */
export function isShippedFile(path: string): boolean {
  const parts = path.split(sep);
  if (parts.includes('testing') || parts.includes('fixtures')) return false;
  return !/\.ts$|^README\.md$/.test(parts.at(-1) ?? '');
}

export type BuildOptions = {
  readonly outDir: string;
  /** Types are checked too, which takes twice the time; tests of the package leave it to `npm run check`. */
  readonly checkTypes: boolean;
};

/** Builds into an empty `outDir`. Throws with what the compiler said where it finds fault. */
export function buildServer({ outDir, checkTypes }: BuildOptions): void {
  rmSync(outDir, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [
    '--project',
    join(root, 'tsconfig.build.json'),
    '--outDir',
    outDir,
    ...(checkTypes ? [] : ['--noCheck']),
  ];
  const compiled = spawnSync(process.execPath, [tsc, ...args], { cwd: root, encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(`Build must compile:\n${compiled.stdout}${compiled.stderr}`);
  const source = join(root, 'src');
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    const path = relative(source, join(entry.parentPath, entry.name));
    if (!entry.isFile() || !isShippedFile(path)) continue;
    mkdirSync(dirname(join(outDir, path)), { recursive: true });
    cpSync(join(source, path), join(outDir, path));
  }
  // The pages of /docs are made here, so that what makes them need not be installed with the server.
  writeFileSync(join(outDir, 'api', 'docs', siteFileName), packSite(buildSite(root)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  buildServer({ outDir: join(root, 'dist'), checkTypes: true });
}
