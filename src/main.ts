/** The process entry: one command line, run in the world around this process. */
import { enableCompileCache } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOwnModulesByName } from './runtime/own-modules.ts';

/** How long a server whose launcher was killed may take to end. */
const orphanStopMs = 2_000;

enableCompileCache();
findOwnModulesByName();
endWithLauncher();

// Loaded after the cache is on, so that the next start finds them compiled.
const { runCommandLine } = await import('./cli/program.ts');
const { systemClock } = await import('./runtime/clock.ts');
const { exitAfterFlush } = await import('./runtime/shutdown.ts');

const programDirectory = join(import.meta.dirname, '..');

const exitCode = await runCommandLine(process.argv.slice(2), {
  version: readVersion(),
  environment: process.env,
  clock: systemClock,
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  programDirectory,
  ask: askerOf(),
  // The server is loaded by the commands that run it, and by no other.
  server: {
    start: async (options) => {
      const { startWriterEarly } = await import('./compose/early-writer.ts');
      const writerThread = startWriterEarly(options.settings);
      return (await import('./compose/start-server.ts')).startServer({ ...options, writerThread });
    },
    checkStore: async (dataDir) => (await import('./compose/check-store.ts')).checkStore(dataDir),
    backUp: async (request) => (await import('./compose/back-up-directory.ts')).backUpDirectory(request),
    checkDatabase: async (settings) => (await import('./compose/check-database.ts')).checkDatabase(settings),
    checkDurability: async (directory) => (await import('./compose/machine.ts')).checkDurability(directory),
    checkBlobs: async (settings) => (await import('./compose/choose-blobs.ts')).checkBlobs(settings),
    moveInstallation: async (request) => (await import('./compose/move-installation.ts')).moveInstallation(request),
    copyFiles: async (request) => (await import('./compose/choose-blobs.ts')).copyFiles(request),
    tryReadingFiles: async () => (await import('./compose/machine.ts')).tryReadingFiles(),
    findScannerProblem: async (settings) => (await import('./compose/machine.ts')).findScannerProblem(settings),
    findFilmTool: async (settings) => (await import('./compose/machine.ts')).findFilmTool(settings),
    probeTarget: async (settings, url) => (await import('./compose/machine.ts')).probeTarget(settings, url),
    probeEgressProxy: async (settings) => (await import('./compose/machine.ts')).probeEgressProxy(settings),
    verify: async (id, { headers, body, secrets, nowMs }) => {
      const dialect = (await import('./compose/dialects.ts')).dialects.find(({ manifest }) => manifest.id === id);
      if (dialect === undefined) return null;
      const keys = secrets.map((value) => ({ kind: 'secret' as const, value }));
      const unsigned = { result: 'unsigned', detail: 'The dialect does not sign' } as const;
      return dialect.verify?.({ headers, body, keys, nowMs }) ?? unsigned;
    },
  },
});
// Zero leaves the process to what still runs (a server); anything else ends it even if something was left open.
if (exitCode !== 0) exitAfterFlush(exitCode, systemClock);

/**
 * A launcher on an older Node keeps a channel to us; should it be killed, nobody would pass its signals on any more, and who
 * killed it means us. The stop begins in order, but does not wait for slow receivers as one by signal does: what is under
 * way when its time is over is sent again after the next start, and the data directory is free for that start soon.
 */
function endWithLauncher(): void {
  if (process.channel === undefined) return;
  const stop = (): void => void process.kill(process.pid, 'SIGTERM');
  process.once('disconnect', () => {
    stop();
    // A second signal ends it at once.
    import('./runtime/clock.ts').then(({ systemClock: clock }) => clock.timer(orphanStopMs, stop), stop);
  });
  process.channel.unref();
}

function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(programDirectory, 'package.json'), 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}

function outputOf(stream: NodeJS.WriteStream) {
  // A reader that went away (`assetwire … | head`) is no error of ours: what is said from then on is said to nobody.
  const listeners = new Set<() => void>();
  let open = true;
  stream.on('error', () => {
    open = false;
    for (const listener of listeners) listener();
  });
  const isTty = stream.isTTY === true;
  return {
    write: (text: string) => void (open && stream.write(text)),
    onClosed: (listener: () => void) => void listeners.add(listener),
    isTty,
    // A terminal that does not know its width says 0.
    columns: stream.columns === undefined || stream.columns === 0 ? 80 : stream.columns,
    colour: isTty && (process.env['NO_COLOR'] ?? '') === '' && stream.hasColors(),
  };
}

/** A question needs somebody who sees it and can answer. */
function askerOf(): ((question: string) => Promise<string>) | undefined {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
  return async (question) => (await import('./cli/ask.ts')).ask(question);
}
