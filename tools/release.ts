/**
 * `npm run release`: what is published, into `release/`: both tarballs, a bill of materials (CycloneDX) of what the server
 * installs, and the checksums of all of them. Everything is built twice, in two directories, and must come out the same, so
 * that anybody can build it again from the same commit and compare. Where `RELEASE_KEY_FILE` names a private
 * ed25519 key (PEM), the checksums are signed: `SHA256SUMS.sig`.
 */
import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packReceiver, packServer, root } from './release/pack.ts';
import { makeBillOfMaterials } from './release/bill-of-materials.ts';

const billName = 'assetwire.cdx.json';
const sumsName = 'SHA256SUMS';

/** One line for each file, as `sha256sum --check` reads it. */
export function checksums(files: ReadonlyMap<string, Uint8Array>): string {
  return [...files]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`)
    .join('');
}

/** What one build makes, by name. */
export function buildRelease(): ReadonlyMap<string, Uint8Array> {
  const temporary = mkdtempSync(join(tmpdir(), 'assetwire-release-'));
  try {
    const tarballs = [packServer(temporary), packReceiver(temporary)].map(({ tarball }) => tarball);
    return new Map([
      ...tarballs.map((path) => [basename(path), readFileSync(path)] as const),
      [billName, Buffer.from(makeBillOfMaterials(root))],
    ]);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The names of the files in which two builds differ; empty where they are the same. */
export function differences(
  one: ReadonlyMap<string, Uint8Array>,
  other: ReadonlyMap<string, Uint8Array>,
): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((name) => {
    const [left, right] = [one.get(name), other.get(name)];
    return left === undefined || right === undefined || Buffer.compare(left, right) !== 0;
  });
}

/** Signed by whoever holds the key; checked with `openssl pkeyutl -verify -pubin -inkey release.pub -rawin -in … -sigfile …`. */
export function signature(sums: string, privateKeyPem: string): Uint8Array {
  const key = createPrivateKey(privateKeyPem);
  if (key.asymmetricKeyType !== 'ed25519')
    throw new TypeError(`The key of releases must be an ed25519 key: found ${key.asymmetricKeyType ?? 'another'}`);
  return sign(null, Buffer.from(sums), key);
}

/** With the console, which the tarball takes from `console/dist`. */
function buildAll(): ReadonlyMap<string, Uint8Array> {
  const built = spawnSync(process.execPath, [join(root, 'console', 'build.ts')], { cwd: root, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The console must build:\n${built.stdout}${built.stderr}`);
  return buildRelease();
}

function main(): void {
  const [first, second] = [buildAll(), buildAll()];
  const differing = differences(first, second);
  if (differing.length > 0) throw new Error(`Two builds must be the same: they differ in ${differing.join(', ')}`);
  const out = join(root, 'release');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  for (const [name, bytes] of first) writeFileSync(join(out, name), bytes);
  const sums = checksums(first);
  writeFileSync(join(out, sumsName), sums);
  const keyFile = process.env['RELEASE_KEY_FILE'];
  if (keyFile === undefined) console.log('Not signed: RELEASE_KEY_FILE names no key');
  else writeFileSync(join(out, `${sumsName}.sig`), signature(sums, readFileSync(keyFile, 'utf8')));
  process.stdout.write(sums);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
