/**
 * Takes uploads in as plainly as Node can: body to a file, hashed three ways, synced, answered. It delivers nothing: what it
 * does to deliveries of another process is what the machine does to them.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const directory = mkdtempSync(join(tmpdir(), 'assetwire-bench-sink-'));
mkdirSync(directory, { recursive: true });
let lastFile = 0;

async function take(request: IncomingMessage): Promise<void> {
  lastFile += 1;
  const path = join(directory, String(lastFile));
  const file = await open(path, 'wx');
  const hashes = ['sha256', 'sha1', 'md5'].map((name) => createHash(name));
  for await (const chunk of request as AsyncIterable<Buffer>) {
    for (const hash of hashes) hash.update(chunk);
    await file.write(chunk);
  }
  await file.sync();
  await file.close();
  await unlink(path);
}

const server = createServer((request, response) => {
  take(request).then(
    () => response.writeHead(201).end('{}'),
    (error: unknown) => {
      console.error(`upload-sink: ${String(error)}`);
      response.writeHead(500).end();
    },
  );
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ kind: 'listening', port: (server.address() as AddressInfo).port });
});
process.on('message', () => {
  rmSync(directory, { recursive: true, force: true });
  process.send?.({ kind: 'stopped' });
});
process.on('disconnect', () => process.exit(0));
