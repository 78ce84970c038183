import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Everything that remembers by a name, and what keeps two workspaces apart in it. `scope` is looked for in the source: a
 * cache whose key loses its workspace fails here, and so does one that nobody has thought about.
 */
const caches: Readonly<Record<string, { readonly scope: RegExp; readonly why: string }>> = {
  'src/app/metadata-sets.ts': { scope: /entries\.get\(workspaceId\)/, why: 'by workspace' },
  'src/app/key-signer.ts': { scope: /place = [^\n]*workspaceId/, why: 'by workspace, key and version' },
  'src/app/subject-cache.ts': {
    scope: /return `\$\{key\.workspaceId\} [^]*aliasName = [^\n]*=> `\$\{workspaceId\} /,
    why: 'by workspace, type and id or alias',
  },
  'src/app/place-memory.ts': { scope: /folders\.get\(nameOf\(workspaceId/, why: 'by workspace and path or asset' },
  'src/app/webhook-indexes.ts': { scope: /indexes\.get\(workspaceId\)/, why: 'by workspace' },
  'src/app/session-lookup.ts': { scope: /believed\.get\(alias\)/, why: 'by the digest of a secret of one session' },
  'src/app/key-lookup.ts': {
    scope: /found\.get\(keyDigest\)/,
    why: 'by the digest of a key, which is of one workspace',
  },
  'src/app/workspaces.ts': { scope: /known\.get\(id\)/, why: 'by workspace' },
  'src/app/change-rate.ts': { scope: /known\.get\(workspaceId\)/, why: 'by workspace' },
  'src/app/sign-in-throttle.ts': { scope: /buckets\.get\(digest\(name\)\)/, why: 'counts only, by workspace and name' },
  'src/app/question-rate.ts': {
    scope: /places\.get\(place\)/,
    why: 'counts only, of what an endpoint’s host is asked',
  },
  'src/api/lookup-rate.ts': { scope: /buckets\.get\(name\)/, why: 'counts only, by address' },
  'src/transports/sqs/sqs-client.ts': {
    scope: /queue\.region, keys\b/,
    why: 'by region and the credentials themselves',
  },
  'src/egress/tls-identity.ts': { scope: /keyOf\(material\)/, why: 'by the material itself' },
  'src/egress/resolver.ts': { scope: /kept\.get\(name\)/, why: 'what the public name service says, to anybody' },
  'src/egress/tls-sessions.ts': { scope: /kept\.get\(key\)/, why: 'by the key of the pool of connections' },
};

test('TN-08 every cache has a key that keeps workspaces apart, and a new one is thought about', () => {
  const makes = /\b(?:createTwoGenerations|new LRUCache)\s*[<(]/;
  const found = globSync('src/**/*.ts', { cwd: root })
    .filter((file) => !/\.test\.ts$|\/testing\/|two-generations\.ts$/.test(file))
    .filter((file) => makes.test(readFileSync(join(root, file), 'utf8')))
    .toSorted();
  assert.deepEqual(found, Object.keys(caches).toSorted(), 'a cache that nobody listed here, or one that is gone');
  for (const [file, { scope, why }] of Object.entries(caches))
    assert.match(readFileSync(join(root, file), 'utf8'), scope, `${file} remembers ${why}`);
});
