/** The checks of `doctor`, one after another. None changes anything that matters: probes are files of a moment. */
import { resolve } from 'node:path';
import { describeSettings, readConfiguration } from '../../runtime/configuration.ts';
import type { Configuration, Settings } from '../../runtime/configuration.ts';
import { createClient, UnreachableError } from '../client.ts';
import { canListen, resolveName } from '../client-probes.ts';
import type { CliContext } from '../context.ts';
import { reportOf } from '../error-report.ts';
import { checkDirectory, checkDurability, checkFiles, checkKey, checkSync } from './disk-checks.ts';
import { checkBlobs } from './blobs-check.ts';
import { checkCertificates } from './certificates-check.ts';
import { checkReceiversClock } from './clock-check.ts';
import { checkFilms, checkReading, checkScanner } from './film-check.ts';
import { checkEgress, checkPublicUrl, checkSnsUrl, checkTarget } from './network-checks.ts';
import { unsafeSettings } from './unsafe-settings.ts';

export type Finding = {
  readonly name: string;
  readonly result: 'ok' | 'warning' | 'failed' | 'info';
  readonly detail: string;
  readonly mend?: string;
};

const nodeMajorMin = 24;

/** Everything that was found, in order. */
export async function diagnose(
  { dataDir, target = [] }: { readonly dataDir?: string | undefined; readonly target?: readonly string[] | undefined },
  context: CliContext,
): Promise<Finding[]> {
  const findings: Finding[] = [checkNode(), checkVersions(context), checkClock(context.clock.nowMs())];
  const configuration = readOrReport(dataDir, context, findings);
  if (configuration === null) return findings;
  const { settings } = configuration;
  const running = await findRunning(configuration);
  findings.push(...checkDirectory(settings.dataDir), ...checkFiles(settings.dataDir, context.clock));
  // What is accepted is on the disk of this machine with SQLite only.
  const isLocal = settings.databaseUrl === null;
  findings.push(...(isLocal ? [checkSync(settings.dataDir, context.clock)] : []), checkKey(settings));
  findings.push(
    ...(isLocal ? [await checkDurability(settings.dataDir, context)] : []),
    await checkStore(settings, context),
    await checkPort(configuration, running),
    ...(running === 'ready' ? await checkReceiversClock(dataDir, context) : []),
    ...(running === 'ready' ? await checkCertificates(dataDir, context) : []),
    await checkNames(),
  );
  findings.push(await checkPublicUrl(configuration), ...checkSnsUrl(configuration));
  findings.push(...(await checkEgress(configuration, context)));
  findings.push(
    ...(await checkReading(context)),
    await checkFilms(settings, context),
    await checkScanner(settings, context),
    ...(await checkBlobs(settings, context)),
  );
  for (const url of target) findings.push(await checkTarget(url, { settings }, context));
  findings.push(...unsafeSettings(configuration), ...listSettings(configuration));
  return findings;
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  const detail = `${process.version} on ${process.platform} ${process.arch}`;
  if (major >= nodeMajorMin) return { name: 'Node.js', result: 'ok', detail };
  return { name: 'Node.js', result: 'failed', detail, mend: `Install Node.js ${nodeMajorMin} or newer` };
}

function checkVersions({ version }: CliContext): Finding {
  const { sqlite = 'unknown', openssl } = process.versions;
  return { name: 'Versions', result: 'info', detail: `Assetwire ${version}, SQLite ${sqlite}, OpenSSL ${openssl}` };
}

const builtAtMs = Date.UTC(2026, 10, 1);

/** A clock that lags behind the program's own age breaks certificates and every receiver's tolerance for timestamps. */
function checkClock(nowMs: number): Finding {
  const detail = new Date(nowMs).toISOString();
  if (nowMs > builtAtMs) return { name: 'Clock', result: 'ok', detail };
  return {
    name: 'Clock',
    result: 'failed',
    detail: `${detail} lies before this version was made`,
    mend: 'Set the clock; run NTP',
  };
}

function readOrReport(
  dataDir: string | undefined,
  { environment }: CliContext,
  findings: Finding[],
): Configuration | null {
  try {
    const configuration = readConfiguration({
      environment,
      flags: dataDir === undefined ? {} : { dataDir: resolve(dataDir) },
    });
    findings.push({ name: 'Configuration', result: 'ok', detail: 'complete and correct' });
    return configuration;
  } catch (error) {
    const { message, mend } = reportOf(error);
    findings.push({ name: 'Configuration', result: 'failed', detail: message, ...(mend === null ? {} : { mend }) });
    return null;
  }
}

type Running = 'ready' | 'not-ready' | 'none';

async function findRunning({ settings }: Configuration): Promise<Running> {
  const host = settings.host === '0.0.0.0' || settings.host === '::' ? '127.0.0.1' : settings.host;
  const shown = host.includes(':') ? `[${host}]` : host;
  try {
    await createClient({ url: `http://${shown}:${settings.port}`, key: null }).get('/readyz');
    return 'ready';
  } catch (error) {
    return error instanceof UnreachableError ? 'none' : 'not-ready';
  }
}

async function checkStore(settings: Settings, { server }: CliContext): Promise<Finding> {
  const { dataDir } = settings;
  try {
    const database = await server.checkDatabase?.(settings);
    if (database !== null && database !== undefined) return { name: 'Database', ...database };
    const check = await server.checkStore(dataDir);
    if (check === null) return { name: 'Database', result: 'ok', detail: 'none yet; it is made at the first start' };
    if (check.state === 'broken') {
      return {
        name: 'Database',
        result: 'failed',
        detail: check.detail,
        mend: 'Restore the data directory from a backup',
      };
    }
    const detail =
      check.state === 'in-use' ? 'in use by a running server; it is checked while none runs' : check.detail;
    return { name: 'Database', result: 'ok', detail };
  } catch (error) {
    const { message, mend } = reportOf(error);
    return { name: 'Database', result: 'failed', detail: message, ...(mend === null ? {} : { mend }) };
  }
}

async function checkPort({ settings: { host, port } }: Configuration, running: Running): Promise<Finding> {
  const at = `${host}:${port}`;
  if (running === 'ready')
    return { name: 'Address', result: 'ok', detail: `${at} answers: a server is running and ready` };
  if (running === 'not-ready') {
    return {
      name: 'Address',
      result: 'warning',
      detail: `${at} answers, but not as a server that is ready`,
      mend: 'See its log',
    };
  }
  const code = await canListen(host, port);
  if (code === null) return { name: 'Address', result: 'ok', detail: `${at} is free` };
  return {
    name: 'Address',
    result: 'failed',
    detail: `${at} cannot be listened on (${code})`,
    mend: 'Choose another with ASSETWIRE_HOST and ASSETWIRE_PORT',
  };
}

/** A name that must not exist: any answer at all, even "no such name", shows that a resolver is there. */
async function checkNames(): Promise<Finding> {
  const code = await resolveName('assetwire-doctor.invalid');
  if (code === 'ENOTFOUND' || code === null) return { name: 'Names', result: 'ok', detail: 'the resolver answers' };
  const mend = 'Webhooks to named hosts need a resolver: see /etc/resolv.conf';
  return { name: 'Names', result: 'warning', detail: `the resolver does not answer (${code})`, mend };
}

function listSettings(configuration: Configuration): Finding[] {
  return describeSettings(configuration)
    .filter(({ source }) => source !== 'default')
    .map(({ variable, value, source }) => ({
      name: 'Setting',
      result: 'info',
      detail: `${variable} = ${value} (${source})`,
    }));
}
