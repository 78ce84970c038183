import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareRows } from './markdown-table.ts';

type Manifest = {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

/** Every direct dependency has a line with its licence and what it is for, and nothing else has. */
export async function checkDependenciesPage(root: string): Promise<readonly string[]> {
  const { dependencies = {}, devDependencies = {} } = readManifest(join(root, 'package.json'));
  // All that the console is made of is built into it: to whoever installs the server it is a development package.
  const { devDependencies: ofConsole = {} } = readManifest(join(root, 'console', 'package.json'));
  const names = [...new Set([dependencies, devDependencies, ofConsole].flatMap((list) => Object.keys(list)))];
  const rows = names.map((name): readonly [string, readonly string[]] => {
    const { license } = readManifest(join(root, 'node_modules', name, 'package.json'));
    return [name, [license ?? 'none stated']];
  });
  const page = 'docs/reference/dependencies.md';
  return compareRows(page, readFileSync(join(root, page), 'utf8'), new Map(rows));
}
