/**
 * What is installed, by the lockfile: every package whole (a hash each), from the registry, with a licence that may ship, no
 * install script that nobody allowed or refused by name, and nothing at a version with a known hole (HARDENING SC-01 to SC-03).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type LockedPackage = {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
};
export type Lockfile = { readonly packages: Readonly<Record<string, LockedPackage>> };
export type Manifest = {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
};

/** Advisories against what is used here or was near to being used: fixed in `from`, or in none. */
const knownHoles: readonly { readonly name: string; readonly from: string | null; readonly advisory: string }[] = [
  { name: 'nodemailer', from: '10.0.6', advisory: 'CVE-2026-82854, CVE-2026-100700: commands and quadratic parsing' },
  { name: 'undici', from: '8.10.2', advisory: 'CVE-2026-1525 to -1528, CVE-2026-84890: smuggling, decompression' },
  { name: 'exifreader', from: '4.39.0', advisory: 'CVE-2026-8814, CVE-2026-85715: memory by crafted boxes' },
  { name: 'file-type', from: '17.1.3', advisory: 'CVE-2022-36313: endless loop in a Matroska file' },
  { name: 'sharp', from: '0.35.0', advisory: 'GHSA-f88m-g3jw-g9cj' },
  { name: 'image-size', from: '2.0.3', advisory: 'GHSA-m5qc-5hw7-8vg7: endless loops' },
  { name: 'follow-redirects', from: '1.15.6', advisory: 'CVE-2024-28849: credentials across origins' },
  { name: 'ip', from: null, advisory: 'CVE-2023-42282: loopback taken for public' },
];

/** Licences under which a package may be part of what runs. LGPL: sharp's libvips, a library of its own, linked when run. */
const shippable =
  /^(?:MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|MPL-2\.0|PSF-2\.0|LGPL-3\.0-or-later)$/;

export async function checkSupplyChain(root: string): Promise<readonly string[]> {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
  return supplyChainProblems(read('package.json') as Manifest, read('package-lock.json') as Lockfile);
}

export function supplyChainProblems(manifest: Manifest, lockfile: Lockfile): readonly string[] {
  const locked = Object.entries(lockfile.packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && !link,
  );
  return [
    ...looseVersions(manifest),
    ...locked.flatMap(([path, one]) =>
      packageProblems(path.slice(path.lastIndexOf('node_modules/') + 13), one, manifest),
    ),
  ];
}

function looseVersions({ dependencies = {}, devDependencies = {} }: Manifest): readonly string[] {
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    .map(([name, version]) => `package.json: ${name} must be pinned to one version of the registry, not "${version}"`);
}

function packageProblems(name: string, one: LockedPackage, { allowScripts = {} }: Manifest): readonly string[] {
  const problems: string[] = [];
  const version = one.version ?? '';
  const say = (what: string): void => void problems.push(`package-lock.json: ${name} ${version} ${what}`);
  if (one.integrity === undefined && !one.inBundle) say('has no hash');
  if (one.resolved !== undefined && !one.resolved.startsWith('https://'))
    say(`comes from ${one.resolved}, not from a registry`);
  // Packages of other platforms are in the lockfile, and are never installed beside the one that is named.
  if (one.hasInstallScript && !one.optional && !(name in allowScripts))
    say(
      'has an install script: allow or refuse it by name in package.json (allowScripts), with its reason in docs/reference/dependencies.md',
    );
  if (!one.dev) {
    const licences = (one.license ?? 'none stated').replace(/[()]/g, '').split(' AND ');
    for (const licence of licences)
      if (!licence.split(' OR ').some((choice) => shippable.test(choice)))
        say(`has the licence ${licence}: it may not ship`);
  }
  for (const { name: holed, from, advisory } of knownHoles)
    if (holed === name && (from === null || olderThan(version, from)))
      say(`has a known hole (${advisory}); wanted: ${from === null ? 'another package' : `${from} or later`}`);
  return problems;
}

function olderThan(version: string, other: string): boolean {
  const numbers = (text: string): readonly number[] => text.split(/[.-]/, 3).map(Number);
  const [mine, theirs] = [numbers(version), numbers(other)];
  const at = mine.findIndex((number, index) => number !== theirs[index]);
  return at >= 0 && (mine[at] ?? 0) < (theirs[at] ?? 0);
}
