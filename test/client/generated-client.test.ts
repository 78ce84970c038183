/**
 * The OpenAPI document is complete enough to work with: a client generated from it by other people's tools compiles
 * without a cast, refuses by its types what the server would refuse, and does a morning's work on a real server.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import openapiTypescript, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { type RealServer, startRealServer, type Tenant } from '../e2e/real-server.ts';

const root = join(import.meta.dirname, '../..');
const boundMs = 240_000;

let server: RealServer;
let tenant: Tenant;
let directory: string;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('client');
  directory = mkdtempSync(join(tmpdir(), 'assetwire-client-'));
});
after(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** Binary parts as Blob, the way the generator's own manual does it. */
const blob = ts.factory.createTypeReferenceNode('Blob');

async function generateTypes(): Promise<string> {
  const { json } = await server.call('/openapi.json');
  const nodes = await openapiTypescript(JSON.stringify(json), {
    transform: (schema) => (schema.format === 'binary' ? blob : undefined),
  });
  return astToString(nodes);
}

/** Runs Node; its output, or what it said where it failed. */
function run(words: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { cwd: directory, env, timeout: boundMs }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${words.join(' ')}\n${stdout}\n${stderr}\n${error.message}`));
    });
  });
}

test('a client generated from the document compiles, and does its work on a real server', async () => {
  writeFileSync(join(directory, 'schema.ts'), await generateTypes());
  copyFileSync(join(import.meta.dirname, 'fixtures/program.ts.txt'), join(directory, 'program.ts'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    target: 'es2024',
    lib: ['es2024'],
    module: 'nodenext',
    types: ['node'],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  await run([join(root, 'node_modules/typescript/lib/tsc.js'), '-p', '.']);
  const said = JSON.parse(await run(['program.ts'], { ...process.env, BASE_URL: server.url, KEY: tenant.key }));
  assert.equal(said.uploaded.length, 3);
  assert.deepEqual(said, {
    secretShown: true,
    sameWebhook: true,
    replayed: 'true',
    uploaded: said.uploaded,
    listed: said.uploaded,
    pages: 2,
    deliveries: 3,
    attempts: [{ status: 204, verdict: 'delivered' }],
    unknown: true,
    badCursor: 'invalid_cursor',
  });
});
