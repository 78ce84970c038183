/**
 * `assetwire serve` and `assetwire worker`: read the configuration, start the server, say where it is, and end it in order.
 */
import { flushCompileCache } from 'node:module';
import type { Command } from 'commander';
import { Option } from 'commander';
import { compactMemory } from '../../runtime/compact-memory.ts';
import { readConfiguration } from '../../runtime/configuration.ts';
import type { Settings } from '../../runtime/configuration.ts';
import { OperatorError, systemCode } from '../../runtime/operator-error.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createStdoutSink } from '../../runtime/log-sink.ts';
import { environmentName, flagName, settingRows } from '../../runtime/settings-table.ts';
import type { SettingRow } from '../../runtime/settings-table.ts';
import { exitAfterFlush, installShutdown } from '../../runtime/shutdown.ts';
import type { CliContext, RunningServer } from '../context.ts';
import { withExamples } from '../connection-options.ts';
import { unsafeSettings } from '../doctor/unsafe-settings.ts';
import { endWithNpmShell } from '../npm-shell.ts';
import { coloursOf } from '../output.ts';
import { watchBeside } from '../watch/watch-beside.ts';

const rows: readonly SettingRow[] = settingRows;
/** Late enough not to be part of the start, early enough to precede the work. */
const compactAfterMs = 1_000;

export function define(command: Command, context: CliContext): void {
  defineServer(command, context, 'serve');
  command.addOption(new Option('--no-engine', 'take requests and deliver nothing: workers on the same PostgreSQL do'));
  withExamples(command, ['assetwire serve', 'assetwire serve --port 8080 --data-dir /var/lib/assetwire']);
}

/** What both commands have. */
export function defineServer(command: Command, context: CliContext, run: 'serve' | 'worker'): void {
  for (const row of rows) {
    if (row.secret === true) continue;
    const fallback = row.default === null || row.default === '' ? '' : ` (default: ${row.default})`;
    command.addOption(new Option(`${flagName(row.name)} <value>`, `${row.summary}${fallback}`));
  }
  const secrets = rows.filter((row) => row.secret === true).map((row) => environmentName(row.name));
  command.addHelpText(
    'after',
    `\nEvery option is also a variable (--upload-bytes-max is ASSETWIRE_UPLOAD_BYTES_MAX) and may stand in assetwire.json in the\n` +
      `data directory. Secrets are given as variables or files only: ${secrets.map((name) => `${name} or ${name}_FILE`).join(', ')}.`,
  );
  command.action(({ engine, ...flags }: Record<string, string> & { engine?: string | boolean }) =>
    // `--no-engine` and `--engine off` say the same.
    serve({ ...flags, ...(engine === false ? { engine: 'off' } : {}), ...asText(engine) }, context, run),
  );
}

function asText(engine: string | boolean | undefined): { readonly engine?: string } {
  return typeof engine === 'string' ? { engine } : {};
}

async function serve(
  flags: Readonly<Record<string, string>>,
  context: CliContext,
  run: 'serve' | 'worker',
): Promise<void> {
  const startedAtMs = context.clock.monotonicMs();
  const { settings, sources } = readConfiguration({ environment: context.environment, flags });
  if (run === 'worker') refuseAlone(settings);
  // What it writes is for its user alone, also in a directory that others made for it, and also what libraries make.
  process.umask(0o077);
  const sink = createStdoutSink();
  const human = settings.logFormat === 'human' || (settings.logFormat === 'auto' && context.stdout.isTty);
  const logger = createLogger({
    level: settings.logLevel,
    format: human ? 'human' : 'json',
    sink,
    colour: context.stdout.colour,
  });
  let running: RunningServer | null = null;
  let watching: { stop(): void } | null = null;
  let stopped = false;
  // Installed before the start, so that an error or a signal in the middle of it ends the process as it would later.
  const uninstall = installShutdown({
    process,
    clock: context.clock,
    logger,
    // The engine keeps to its own deadline; this one is for everything that does not.
    deadlineMs: settings.shutdownSeconds * 1_000 + 5_000,
    stop: async () => {
      stopped = true;
      watching?.stop();
      await running?.stop();
    },
    exit: (code) => exitAfterFlush(code, context.clock),
  });
  endWithNpmShell({
    environment: context.environment,
    clock: context.clock,
    parentId: () => process.ppid,
    stop: () => void process.kill(process.pid, 'SIGTERM'),
  });
  try {
    running = await context.server.start({ settings, sources, logger, sink, run });
  } catch (error) {
    uninstall();
    throw asListenError(error, settings);
  }
  if (stopped) return running.stop();
  const startMs = Math.round(context.clock.monotonicMs() - startedAtMs);
  // `startMs` counts from the command; the process itself was started `uptimeMs` ago.
  for (const { detail, mend } of unsafeSettings({ settings })) logger.warn('setting.unsafe', { detail, mend });
  logger.info('server.ready', {
    url: running.url,
    publicUrl: running.publicUrl,
    ...(running.inboxTlsUrl === null ? {} : { inboxTlsUrl: running.inboxTlsUrl }),
    ...(settings.startPaused ? { paused: true } : {}),
    startMs,
    uptimeMs: Math.round(process.uptime() * 1_000),
  });
  context.stderr.write(run === 'worker' ? workerBanner(running, context) : banner(running, settings, context));
  // The next start finds what this one compiled, even if this one is killed.
  flushCompileCache();
  context.clock.timer(compactAfterMs, compactMemory);
  // One process of several: that which takes requests.
  if (run === 'serve') watching = watchBeside({ settings, url: running.url, clock: context.clock, logger });
}

/** A worker is one of several on a PostgreSQL. */
function refuseAlone({ databaseUrl, engine }: Settings): void {
  if (databaseUrl === null) {
    throw new OperatorError(
      'configuration',
      'A worker must share a PostgreSQL with those that take requests: none is named',
      {
        mend: 'Set ASSETWIRE_DATABASE_URL; with SQLite one `assetwire serve` does everything',
      },
    );
  }
  if (engine === 'off') {
    throw new OperatorError('configuration', 'A worker must deliver: ASSETWIRE_ENGINE is off', {
      mend: 'Leave it out for workers',
    });
  }
}

/** The listener's own errors, as what the person at the terminal can mend. */
function asListenError(error: unknown, settings: Settings): unknown {
  const { host, port } = settings;
  const code = systemCode(error);
  if (code === 'EADDRINUSE') return portTaken(error, settings);
  if (code !== 'EADDRNOTAVAIL' && code !== 'EACCES' && code !== 'ENOTFOUND') return error;
  return new OperatorError(
    'address_unusable',
    `Address ${host}:${port} must be ours to listen on: it is not (${code})`,
    {
      mend: 'Choose an address of this machine with ASSETWIRE_HOST, and a port above 1023 with ASSETWIRE_PORT',
      cause: error,
    },
  );
}

/** Which setting wanted the port; where two of them did, nobody else need be there. */
function portTaken(cause: unknown, { host, port, inboxTlsPort, dialectListen }: Settings): OperatorError {
  const taken = cause instanceof Error && 'port' in cause ? Number(cause.port) : port;
  const at = cause instanceof Error && 'address' in cause ? String(cause.address) : host;
  const places = [
    { setting: 'ASSETWIRE_PORT', host, port },
    { setting: 'ASSETWIRE_INBOX_TLS_PORT', host, port: inboxTlsPort ?? port + 1 },
    ...dialectListen.map((place) => ({ setting: 'ASSETWIRE_DIALECT_LISTEN', ...place })),
  ];
  const isMeant = (place: { readonly host: string; readonly port: number }): boolean =>
    place.port === taken && (place.host === at || at !== host);
  const wanted = [...new Set(places.filter(isMeant).map(({ setting }) => setting))];
  const which = wanted.at(-1) ?? 'ASSETWIRE_PORT';
  if (wanted.length > 1) {
    const unsaid = inboxTlsPort === null && wanted.includes('ASSETWIRE_INBOX_TLS_PORT');
    const why = unsaid ? ' (the port behind ASSETWIRE_PORT, unless it is set)' : '';
    return new OperatorError('port_taken', `Port ${taken} must be given once: ${wanted.join(' and ')} mean it${why}`, {
      mend: `Choose another port with ${which}`,
      cause,
    });
  }
  return new OperatorError('port_taken', `Port ${taken} of ${at} must be free: another program listens there`, {
    mend: `Stop that program, or choose another port with ${which} (0 takes a free one)`,
    cause,
  });
}

/** Nobody signs in at a worker. */
function workerBanner({ url }: RunningServer, context: CliContext): string {
  const colours = coloursOf(context.stderr);
  const name = `${colours.bold('Assetwire')} ${context.version}`;
  return `\n  ${name} delivers; health and metrics at ${colours.cyan(url)}\n  Stop       Ctrl-C\n\n`;
}

/**
 * Where the server is and how to get in. On standard error: standard output carries the log, which collectors keep, and
 * neither key nor sign-in link belongs there.
 */
function banner(
  { url, publicUrl, inboxTlsUrl, firstAdminKey, signInToken }: RunningServer,
  settings: Settings,
  context: CliContext,
): string {
  const colours = coloursOf(context.stderr);
  const lines = ['', `  ${colours.bold('Assetwire')} ${context.version} is ready at ${colours.cyan(url)}`];
  if (publicUrl !== url) lines.push(`  Public     ${colours.cyan(publicUrl)}`);
  lines.push(
    `  Sign in    ${colours.cyan(`${url}/#sign-in=${signInToken}`)}  ${colours.dim('(once, within the hour)')}`,
  );
  if (firstAdminKey !== null) {
    lines.push(`  Admin key  ${colours.yellow(firstAdminKey)}  ${colours.dim('(shown this once; keep it)')}`);
  }
  if (settings.startPaused) {
    lines.push(`  Paused     ${colours.yellow('nothing is sent')} until it is started without ASSETWIRE_START_PAUSED`);
  }
  // The port behind ours is taken too: it should not be found out by the next program that wants it.
  if (inboxTlsUrl !== null) lines.push(`  Inbox TLS  ${colours.dim(inboxTlsUrl)}`);
  lines.push(`  Data       ${settings.dataDir}`, `  Stop       Ctrl-C`, '', '');
  return lines.join('\n');
}
