#!/usr/bin/env node
// Plain JavaScript that any Node since 14 can read: it finds a Node that can run the rest, or says how to get one.

import { existsSync } from 'node:fs';

const wanted = 24;
// A checkout runs the source as it is; what npm installs has no source, but what was built from it.
const source = new URL('../src/main.ts', import.meta.url);
const main = existsSync(source) ? source : new URL('../dist/main.js', import.meta.url);

if (Number(process.versions.node.split('.')[0]) >= wanted) {
  // Before the first TypeScript is read: what is in the cache needs no type stripper, which costs 100 ms and 20 MB.
  const { enableCompileCache, constants } = await import('node:module');
  // In a checkout beside the libraries, where `npm install` has filled it, so that the first start is as quick as the second;
  // elsewhere, and where that cannot be written, in the system's temporary directory.
  const beside = new URL('../node_modules/.cache/assetwire/', import.meta.url);
  const kept = main === source ? enableCompileCache(decodeURIComponent(beside.pathname)) : null;
  if (kept === null || kept.status === constants.compileCacheStatus.FAILED) enableCompileCache();
  await import(main.href);
} else {
  await runWithNewerNode();
}

async function runWithNewerNode() {
  const { spawn } = await import('node:child_process');
  const { fileURLToPath } = await import('node:url');
  const node = await findNode();
  if (node === null) {
    process.stderr.write(
      `error: Assetwire must be run by Node.js ${wanted} or newer: found ${process.version}\n` +
        `mend:  npm install node@${wanted} (beside Assetwire; it is then found), or see https://nodejs.org/en/download\n`,
    );
    process.exitCode = 3;
    return;
  }
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], {
    // The fourth is a channel that closes when this process is gone, however it went: the server then ends in order.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // The terminal sends its signals to both of us; those sent to this process alone are passed on.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name);
    if (signal === null) process.exitCode = code ?? 70;
    else process.kill(process.pid, signal);
  });
}

/** The npm package `node` beside this package or above it. */
async function findNode() {
  const { spawnSync } = await import('node:child_process');
  const { fileURLToPath } = await import('node:url');
  const { dirname, join } = await import('node:path');
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    for (const inside of [
      ['.bin', name],
      ['node', 'bin', name],
    ]) {
      const path = join(directory, 'node_modules', ...inside);
      if (!existsSync(path)) continue;
      const version = String(spawnSync(path, ['--version']).stdout);
      if (Number(/^v(\d+)/.exec(version)?.[1]) >= wanted) return path;
    }
    if (dirname(directory) === directory) return null;
  }
}
