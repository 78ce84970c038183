import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkRooms, roomsAreSound } from './check-rooms.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** A small house in which nothing offends: every import here is allowed by the table. */
const sound: Readonly<Record<string, string>> = {
  'src/main.ts': `import './compose.ts';`,
  'src/compose.ts': `
    import './dialects/standard/index.ts'; import './transports/http/send.ts'; import './storage/sqlite/open.ts';
    import './engine/loop.ts'; import './app/cases.ts'; import './api/server.ts'; import './cli/commands.ts'; import './blobs/disk/put.ts';`,
  'src/core/ids.ts': `export const id = 1;`,
  'src/core/delivery.ts': `export { id } from './ids.ts';`,
  'src/runtime/clock.ts': `export const now = 1;`,
  'src/dialects/dialect.ts': `export { route } from './contract/vendor-route.ts';`,
  'src/dialects/contract/vendor-route.ts': `export { id as route } from '../../core/ids.ts';`,
  'src/dialects/standard/index.ts': `import 'node:crypto'; export { route } from '../contract/vendor-route.ts'; export { route as id } from '../dialect.ts';`,
  'src/dialects/testing/suite.ts': `import 'fast-check';`,
  'src/transports/transport.ts': `export { id } from '../core/ids.ts';`,
  'src/transports/http/send.ts': `import 'undici'; import '../../egress/guard.ts'; export { id } from '../transport.ts';`,
  'src/egress/guard.ts': `import 'node:net'; export { id } from '../core/ids.ts';`,
  'src/storage/storage.ts': `export { resource } from './contract/resources.ts';`,
  'src/storage/contract/resources.ts': `export { id as resource } from '../../core/ids.ts';`,
  'src/storage/sqlite/open.ts': `import 'node:sqlite'; export { resource } from '../contract/resources.ts';`,
  'src/blobs/blobs.ts': `export { id } from '../core/ids.ts';`,
  'src/blobs/disk/put.ts': `export { id } from '../blobs.ts';`,
  'src/media/media.ts': `export { id } from '../core/ids.ts';`,
  'src/engine/loop.ts': `import '../media/media.ts'; import '../storage/storage.ts'; import '../dialects/dialect.ts'; import '../transports/transport.ts';`,
  'src/engine/engine.ts': `export type { id } from '../core/ids.ts';`,
  'src/app/cases.ts': `import type {} from '../engine/engine.ts'; import '../storage/contract/resources.ts'; import '../egress/guard.ts'; import '../runtime/clock.ts';`,
  'src/api/server.ts': `import 'find-my-way'; import '../app/cases.ts'; import '../dialects/contract/vendor-route.ts'; import './listeners.ts';`,
  'src/api/listeners.ts': `import 'node:http';`,
  'src/api/docs/make/pages.ts': `import 'fast-check'; export { id } from '../../../core/ids.ts';`,
  'src/api/docs/make/pages.test.ts': `import './pages.ts';`,
  'src/api/server.test.ts': `import '../storage/sqlite/open.ts'; import 'fast-check'; import 'node:http';`,
  'src/cli/commands.ts': `import '../app/cases.ts'; import './client.ts';`,
  'src/cli/client.ts': `import 'node:http';`,
  'packages/receiver/src/verify.ts': `import 'node:crypto';`,
  'console/src/main.tsx': `import './api/ask.ts';`,
  'console/src/api/ask.ts': `export const ask = 1;`,
};

/** Each offends once: the rule that must say so, the file, what it holds. */
const planted: readonly (readonly [rule: string, file: string, content: string])[] = [
  ['core-looks-only-into-itself', 'src/core/bad-room.ts', `import '../engine/loop.ts';`],
  ['core-looks-only-into-itself', 'src/core/bad-type.ts', `import type {} from '../runtime/clock.ts'; export {};`],
  ['core-is-pure', 'src/core/bad-node.ts', `import 'node:fs';`],
  ['core-is-pure', 'src/core/bad-library.ts', `import 'lru-cache';`],
  ['runtime-looks-only-into-itself', 'src/runtime/bad.ts', `import '../core/ids.ts';`],
  ['dialects-looks-only-into-core', 'src/dialects/standard/bad-room.ts', `import '../../storage/storage.ts';`],
  ['dialects-translate', 'src/dialects/standard/bad-file.ts', `import 'node:fs';`],
  ['dialects-translate', 'src/dialects/standard/bad-library.ts', `import 'lru-cache';`],
  ['neighbours-are-strangers', 'src/dialects/bynder/bad.ts', `import '../standard/index.ts';`],
  ['neighbours-are-strangers', 'src/storage/postgres/bad.ts', `import '../sqlite/open.ts';`],
  ['neighbours-are-strangers', 'src/storage/contract/bad.ts', `import '../sqlite/open.ts';`],
  [
    'transports-looks-only-into-core-runtime-egress',
    'src/transports/http/bad.ts',
    `import '../../storage/storage.ts';`,
  ],
  ['egress-looks-only-into-core-runtime', 'src/egress/bad.ts', `import '../transports/transport.ts';`],
  ['storage-looks-only-into-core-runtime', 'src/storage/sqlite/bad.ts', `import '../../dialects/dialect.ts';`],
  ['blobs-looks-only-into-core-runtime-egress', 'src/blobs/disk/bad.ts', `import '../../app/cases.ts';`],
  ['media-looks-only-into-core-runtime-egress', 'src/media/bad.ts', `import '../blobs/blobs.ts';`],
  ['engine-looks-only-into-core-runtime', 'src/engine/bad-app.ts', `import '../app/cases.ts';`],
  ['engine-looks-only-into-core-runtime', 'src/engine/bad-vendor.ts', `import '../dialects/standard/index.ts';`],
  ['contract-at-the-door', 'src/engine/bad-store.ts', `import '../storage/sqlite/open.ts';`],
  ['engine-looks-only-into-core-runtime', 'src/engine/bad-compose.ts', `import '../compose.ts';`],
  ['app-names-the-engine-by-type-only', 'src/app/bad-engine.ts', `import '../engine/engine.ts';`],
  [
    'app-looks-only-into-core-runtime-egress',
    'src/app/bad-loop.ts',
    `import type {} from '../engine/loop.ts'; export {};`,
  ],
  ['app-looks-only-into-core-runtime-egress', 'src/app/bad.ts', `import '../api/server.ts';`],
  ['contract-at-the-door', 'src/app/bad-vendor.ts', `import '../dialects/standard/index.ts';`],
  ['api-looks-only-into-core-runtime-app', 'src/api/bad.ts', `import '../storage/storage.ts';`],
  ['api-looks-only-into-core-runtime-app', 'src/api/bad-word.ts', `import '../storage/contract/resources.ts';`],
  ['cli-looks-only-into-core-runtime-app', 'src/cli/bad.ts', `import '../dialects/dialect.ts';`],
  ['cli-looks-only-into-core-runtime-app', 'src/cli/bad-word.ts', `import '../dialects/contract/vendor-route.ts';`],
  ['contract-at-the-door', 'src/bad-root.ts', `import './transports/http/send.ts';`],
  ['one-road-out', 'src/app/bad-socket.ts', `import 'node:https';`],
  ['one-road-out', 'src/engine/bad-client.ts', `export const late = import('undici');`],
  ['no-test-code-in-what-we-ship', 'src/app/bad-kit.ts', `import '../dialects/testing/suite.ts';`],
  ['no-development-dependency-in-what-we-ship', 'src/app/bad-development.ts', `import 'fast-check';`],
  ['what-makes-the-docs-is-not-installed', 'src/api/docs/bad.ts', `import './make/pages.ts';`],
  ['packages-stand-alone', 'packages/receiver/src/bad.ts', `import '../../../src/core/ids.ts';`],
  ['the-console-speaks-the-api', 'console/src/api/bad.ts', `import '../../../src/core/ids.ts';`],
  ['no-cycles', 'src/runtime/bad-cycle.ts', `import './bad-other-half.ts';`],
  ['no-orphans', 'src/runtime/bad-orphan.ts', `export const alone = 1;`],
  ['resolvable', 'src/runtime/bad-lost.ts', `import './nowhere.ts';`],
];

function build(directory: string, files: Readonly<Record<string, string>>): void {
  for (const name of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.json'])
    cpSync(join(root, name), join(directory, name));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), content);
  }
}

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'assetwire-rooms-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

test('A house that keeps the table of rooms has no violation, and its modules were looked at', () => {
  const house = join(directory, 'sound');
  mkdirSync(house);
  build(house, sound);
  const result = checkRooms(house);
  assert.deepEqual(result.violations, []);
  assert.ok(result.modules >= Object.keys(sound).length, `only ${result.modules} modules were looked at`);
});

test('Every planted offence is reported by the rule that is meant for it', () => {
  const house = join(directory, 'unsound');
  mkdirSync(house);
  const other = { 'src/runtime/bad-other-half.ts': `import './bad-cycle.ts';` };
  build(house, { ...sound, ...other, ...Object.fromEntries(planted.map(([, file, content]) => [file, content])) });
  const { violations } = checkRooms(house);
  const unreported = planted.filter(([rule, file]) => !violations.some((line) => line.startsWith(`${rule}: ${file} `)));
  assert.deepEqual(unreported, [], `reported were:\n${violations.join('\n')}`);
  const innocent = violations.filter((line) => !/^[\w-]+: (src|packages|console)\/.*bad-?[\w-]*\.ts /.test(line));
  assert.deepEqual(innocent, [], 'Sound files are reported too');
});

test('A tree in which nothing is looked at is not called sound', () => {
  const house = join(directory, 'empty');
  mkdirSync(join(house, 'src'), { recursive: true });
  build(house, { 'tools/outside.ts': 'export {};' });
  const result = checkRooms(house);
  assert.equal(result.modules, 0);
  assert.equal(roomsAreSound(result), false);
});
