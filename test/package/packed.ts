/**
 * Has npm install what was packed into an empty directory, without network: what it depends on is copied from here, in exactly
 * the production part of our lock file, so that a dependency of development that crept into what ships is missed there as it
 * would be missed by a user.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, type Packed, root } from '../../tools/release/pack.ts';

type LockEntry = {
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
};

/** What our lock file says is installed with the server: nothing of development. */
export function productionEntries(): Readonly<Record<string, LockEntry>> {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockEntry>>;
  };
  return Object.fromEntries(
    Object.entries(lock.packages).filter(
      // A link leads to a package of this repository, which is built into the server.
      ([path, { dev, link }]) => path.startsWith('node_modules/') && dev !== true && link !== true,
    ),
  );
}

/** An empty directory into which npm installs the tarballs. Answers with it. */
export function installPacked(packed: readonly Packed[], temporary: string): string {
  const directory = join(temporary, 'installed');
  const entries = productionEntries();
  const present = Object.fromEntries(Object.entries(entries).filter(([path]) => existsSync(join(root, path))));
  mkdirSync(join(directory, 'node_modules', '.bin'), { recursive: true });
  for (const [path, { bin = {} }] of Object.entries(present)) {
    cpSync(join(root, path), join(directory, path), { recursive: true });
    // npm fetches anew whatever lacks its commands.
    const name = path.slice('node_modules/'.length);
    if (name.includes('node_modules/')) continue;
    for (const [command, file] of Object.entries(bin)) {
      symlinkSync(join('..', name, file), join(directory, 'node_modules', '.bin', command));
    }
  }
  const frame = { name: 'installed', lockfileVersion: 3, requires: true };
  const write = (path: string, value: object): void => writeFileSync(join(directory, path), JSON.stringify(value));
  const dependencies = Object.fromEntries(packed.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]));
  const ours = packed.map(({ manifest, tarball }) => {
    const { version, bin, engines, dependencies: needed } = manifest;
    return [
      `node_modules/${manifest.name}`,
      { version, resolved: `file:${tarball}`, bin, engines, dependencies: needed },
    ];
  });
  write('package.json', { name: 'installed', private: true, dependencies });
  write('package-lock.json', {
    ...frame,
    packages: { '': { name: 'installed', dependencies }, ...Object.fromEntries(ours), ...entries },
  });
  write('node_modules/.package-lock.json', { ...frame, packages: present });
  npm(['install'], directory, join(temporary, 'cache'));
  return directory;
}
