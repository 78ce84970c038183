/**
 * Configuration: defaults, then `assetwire.json` in the data directory, then the environment, then flags; the later one
 * wins. Everything that is wrong is told at once, each with its name, what was wanted and what was found. Unknown
 * `ASSETWIRE_…` variables are refused, because a misspelt setting that is ignored is a setting that is not in force.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readDatabaseUrl } from './database-url.ts';
import { OperatorError, systemCode } from './operator-error.ts';
import {
  type DialectListener,
  parseSetting,
  readListener,
  type SettingType,
  type SettingValue,
} from './setting-values.ts';
import { environmentName, flagName, otherVariables, settingRows, testVariablePrefix } from './settings-table.ts';
import type { SettingName, SettingRow } from './settings-table.ts';

/** The settings of one server, typed and checked. Absent ones are null. */
export type Settings = {
  readonly host: string;
  readonly port: number;
  readonly inboxTlsPort: number | null;
  readonly publicUrl: string | null;
  /** Absolute. */
  readonly dataDir: string;
  readonly adminKey: string | null;
  /** 32 bytes each; the first seals, all open. */
  readonly encryptionKey: readonly Uint8Array[] | null;
  readonly allowedTargets: readonly string[];
  readonly deniedTargets: readonly string[];
  /** Null: calls to receivers leave directly. */
  readonly egressProxyUrl: string | null;
  readonly trustedProxies: readonly string[];
  /** Null: `cluster-properties.txt` in the data directory. */
  readonly clusterProperties: string | null;
  /** Vendor APIs at the root of ports of their own. */
  readonly dialectListen: readonly DialectListener[];
  readonly metricsOpen: boolean;
  /** Null: SQLite in the data directory. */
  readonly databaseUrl: string | null;
  /** Null: `databaseUrl`. */
  readonly databaseDirectUrl: string | null;
  readonly databasePooler: 'yes' | 'no';
  readonly databaseConnections: number;
  readonly databaseDurability: 'strict' | 'weak';
  readonly engine: 'on' | 'off';
  /** Null: in the data directory. */
  readonly sharedFilesDir: string | null;
  readonly startPaused: boolean;
  /** An `s3://` URL; null: the data directory. */
  readonly blobsUrl: string | null;
  readonly smtpUrl: string | null;
  /** Without a slash at its end. */
  readonly snsUrl: string | null;
  readonly mailFrom: string;
  readonly mailFromName: string;
  readonly smtpTls: 'offered' | 'required' | 'off';
  readonly smtpConnections: number;
  /** PEM; null: mails are not signed. */
  readonly dkimKey: string | null;
  readonly dkimSelector: string;
  /** Null: Amazon's own. */
  readonly sqsEndpoint: string | null;
  readonly sqsCredentials: 'server' | 'webhook';
  readonly sqsPrincipal: string | null;
  readonly uploadBytesMax: number;
  /** A folder whose files are assets, and the one here that it is; null: none. */
  readonly watch: string | null;
  readonly watchFolder: string;
  /** 0: no bound. */
  readonly workspaceBytesMax: number;
  readonly workspaceFilesMax: number;
  readonly workspaceChangesPerSecondMax: number;
  readonly renditions: 'on' | 'off';
  readonly embeddedMetadata: 'all' | 'public' | 'none';
  /** `auto`, `off` or a path. */
  readonly ffmpeg: string;
  /** A program with its arguments, that looks for viruses; null: none. */
  readonly scanCommand: string | null;
  readonly scanSeconds: number;
  readonly retentionDays: number;
  readonly shutdownSeconds: number;
  readonly otlpUrl: string | null;
  readonly tracePercent: number;
  readonly logLevel: LogLevel;
  readonly logFormat: 'auto' | 'json' | 'human';
};

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export type SettingSource = 'default' | 'file' | 'environment' | 'flag';

export type Configuration = {
  readonly settings: Settings;
  readonly sources: { readonly [name: string]: SettingSource };
};

/** One thing that is wrong with the configuration. `found` never shows a secret. */
export type ConfigurationProblem = { readonly at: string; readonly wanted: string; readonly found: string };

/** Refused configuration: `problems` names everything that is wrong, not only the first. */
export class ConfigurationError extends OperatorError {
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(({ at, wanted, found }) => `  ${at}: wanted ${wanted}; found ${found}`);
    const count = problems.length === 1 ? 'one thing is' : `${problems.length} things are`;
    super('configuration', `Configuration must be complete and correct: ${count} wrong\n${lines.join('\n')}`, {
      mend: 'Correct what is listed; `assetwire serve --help` names every setting',
    });
    this.problems = problems;
  }
}

export type ConfigurationInput = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Flags by setting name, as text. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  /** Reads a file as text; null where there is none. Throws where it cannot be read. */
  readonly readFile?: (path: string) => string | null;
};

const rows: readonly SettingRow[] = settingRows;

/** Reads and checks the whole configuration; throws `ConfigurationError` with everything that is wrong. */
export function readConfiguration({
  environment,
  flags = {},
  readFile = readTextFile,
}: ConfigurationInput): Configuration {
  const problems: ConfigurationProblem[] = [];
  problems.push(...unknownVariables(environment));
  const given = { environment, flags, readFile, problems };
  const dataDir = flags['dataDir'] ?? environment['ASSETWIRE_DATA_DIR'] ?? './data';
  const file = readSettingsFile(join(resolve(dataDir), 'assetwire.json'), given);
  const values: Record<string, SettingValue | null> = {};
  const sources: Record<string, SettingSource> = {};
  for (const row of rows) {
    const found = findText(row, file, given);
    sources[row.name] = found.source;
    values[row.name] = readValue(row, found, problems);
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  const settings = toSettings(values);
  problems.push(...togetherProblems(settings));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { settings, sources };
}

/** What is right by itself and wrong together. */
function togetherProblems(settings: Settings): readonly ConfigurationProblem[] {
  const { databaseUrl, databaseDirectUrl, encryptionKey, adminKey, engine, sharedFilesDir } = settings;
  const problems: ConfigurationProblem[] = [];
  if (databaseUrl === null) {
    const only = 'ASSETWIRE_DATABASE_URL, because SQLite belongs to one process';
    if (engine === 'off') problems.push({ at: 'ASSETWIRE_ENGINE', wanted: only, found: 'off without it' });
    if (sharedFilesDir !== null) {
      problems.push({ at: 'ASSETWIRE_SHARED_FILES_DIR', wanted: only, found: 'a directory without it' });
    }
    return problems;
  }
  for (const [at, url] of [
    ['ASSETWIRE_DATABASE_URL', databaseUrl],
    ['ASSETWIRE_DATABASE_DIRECT_URL', databaseDirectUrl],
  ] as const) {
    const read = url === null ? null : readDatabaseUrl(url);
    if (read?.is === 'unreadable') problems.push({ at, wanted: read.wanted, found: read.found });
  }
  const together = 'a value, the same for every process on one PostgreSQL';
  if (encryptionKey === null) problems.push({ at: 'ASSETWIRE_ENCRYPTION_KEY', wanted: together, found: 'none' });
  if (adminKey === null) problems.push({ at: 'ASSETWIRE_ADMIN_KEY', wanted: together, found: 'none' });
  return problems;
}

type Given = Required<ConfigurationInput> & { readonly problems: ConfigurationProblem[] };

type Found = { readonly text: string | null; readonly source: SettingSource; readonly at: string };

function findText(row: SettingRow, file: Readonly<Record<string, string>>, given: Given): Found {
  const variable = environmentName(row.name);
  const flag = given.flags[row.name];
  if (flag !== undefined) return { text: flag, source: 'flag', at: flagName(row.name) };
  const fromEnvironment = given.environment[variable];
  const fromFile = row.secret === true ? readSecretFile(`${variable}_FILE`, given) : null;
  if (fromFile !== null && fromEnvironment !== undefined) {
    given.problems.push({ at: variable, wanted: `either ${variable} or ${variable}_FILE`, found: 'both' });
  }
  if (fromFile !== null) return { text: fromFile, source: 'environment', at: `${variable}_FILE` };
  if (fromEnvironment !== undefined) return { text: fromEnvironment, source: 'environment', at: variable };
  const inFile = Object.hasOwn(file, row.name) ? file[row.name] : undefined;
  if (inFile !== undefined) return { text: inFile, source: 'file', at: `assetwire.json, ${row.name}` };
  return { text: row.default, source: 'default', at: variable };
}

/** The value of a row's text. A wrong one does not fall back to the default: the start is refused. */
function readValue(row: SettingRow, { text, at }: Found, problems: ConfigurationProblem[]): SettingValue | null {
  if (text === null) return null;
  const parsed = parseSetting(row.type, text);
  if ('value' in parsed) return parsed.value;
  problems.push({ at, wanted: parsed.wanted, found: row.secret === true ? `${text.length} characters` : shown(text) });
  return null;
}

const ownVariables: ReadonlySet<string> = new Set([
  ...Object.keys(otherVariables),
  ...rows.map((row) => environmentName(row.name)),
  ...rows.filter((row) => row.secret === true).map((row) => `${environmentName(row.name)}_FILE`),
]);

function unknownVariables(environment: ConfigurationInput['environment']): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('ASSETWIRE_') || name.startsWith(testVariablePrefix) || ownVariables.has(name)) continue;
    const near = nearest(name, [...ownVariables]);
    problems.push({
      at: name,
      wanted: near === null ? 'a setting that exists' : `perhaps ${near}`,
      found: 'an unknown variable',
    });
  }
  return problems;
}

function readSecretFile(variable: string, { environment, readFile, problems }: Given): string | null {
  const path = environment[variable];
  if (path === undefined) return null;
  try {
    const text = readFile(path);
    if (text !== null) return text.trim();
    problems.push({ at: variable, wanted: 'a file', found: `none at ${shown(path)}` });
  } catch (error) {
    problems.push({ at: variable, wanted: 'a file that can be read', found: systemCode(error) ?? 'an error' });
  }
  return null;
}

function readSettingsFile(path: string, { readFile, problems }: Given): Record<string, string> {
  const texts: Record<string, string> = {};
  let parsed: unknown;
  try {
    const text = readFile(path);
    if (text === null) return texts;
    parsed = JSON.parse(text);
  } catch (error) {
    problems.push({
      at: 'assetwire.json',
      wanted: 'a readable JSON object',
      found: systemCode(error) ?? 'invalid JSON',
    });
    return texts;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    problems.push({
      at: 'assetwire.json',
      wanted: 'a JSON object',
      found: Array.isArray(parsed) ? 'an array' : typeof parsed,
    });
    return texts;
  }
  const names = rows.map((row) => row.name);
  for (const [name, value] of Object.entries(parsed)) {
    if (!names.includes(name) || name === 'dataDir') {
      const near = nearest(name, names);
      problems.push({
        at: `assetwire.json, ${shown(name)}`,
        wanted: near === null || name === 'dataDir' ? 'a setting that may stand in the file' : `perhaps ${near}`,
        found: name === 'dataDir' ? 'the directory that the file itself lies in' : 'an unknown setting',
      });
    } else if (typeof value === 'string' || typeof value === 'number') texts[name] = String(value);
    else if (Array.isArray(value) && value.every((item) => typeof item === 'string')) texts[name] = value.join(',');
    else problems.push({ at: `assetwire.json, ${name}`, wanted: 'a string, a number or strings', found: typeof value });
  }
  return texts;
}

function readTextFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** The table's values in the shape of `Settings`. The parsers have made each of the type that its row names. */
function toSettings(values: Readonly<Record<string, SettingValue | null>>): Settings {
  const text = (name: SettingName): string => String(values[name] ?? '');
  const textOrNull = (name: SettingName): string | null => (values[name] === null ? null : text(name));
  const number = (name: SettingName): number => Number(values[name]);
  const keys = values['encryptionKey'];
  return {
    host: text('host'),
    port: number('port'),
    inboxTlsPort: values['inboxTlsPort'] === null ? null : number('inboxTlsPort'),
    publicUrl: textOrNull('publicUrl'),
    dataDir: text('dataDir'),
    adminKey: textOrNull('adminKey'),
    encryptionKey: Array.isArray(keys) ? keys.filter((key) => key instanceof Uint8Array) : null,
    allowedTargets: listOf(values['allowedTargets']),
    deniedTargets: listOf(values['deniedTargets']),
    egressProxyUrl: textOrNull('egressProxyUrl'),
    trustedProxies: listOf(values['trustedProxies']),
    clusterProperties: textOrNull('clusterProperties'),
    dialectListen: listOf(values['dialectListen']).flatMap((one) => readListener(one) ?? []),
    metricsOpen: text('metricsOpen') === 'yes',
    databaseUrl: textOrNull('databaseUrl'),
    databaseDirectUrl: textOrNull('databaseDirectUrl'),
    databasePooler: choice(text('databasePooler'), ['yes', 'no']),
    databaseConnections: number('databaseConnections'),
    databaseDurability: choice(text('databaseDurability'), ['strict', 'weak']),
    engine: choice(text('engine'), ['on', 'off']),
    sharedFilesDir: textOrNull('sharedFilesDir'),
    startPaused: text('startPaused') === 'yes',
    blobsUrl: textOrNull('blobsUrl'),
    smtpUrl: textOrNull('smtpUrl'),
    snsUrl: textOrNull('snsUrl'),
    mailFrom: text('mailFrom'),
    mailFromName: text('mailFromName'),
    smtpTls: choice(text('smtpTls'), ['offered', 'required', 'off']),
    smtpConnections: number('smtpConnections'),
    dkimKey: textOrNull('dkimKey'),
    dkimSelector: text('dkimSelector'),
    sqsEndpoint: textOrNull('sqsEndpoint'),
    sqsCredentials: choice(text('sqsCredentials'), ['server', 'webhook']),
    sqsPrincipal: textOrNull('sqsPrincipal'),
    uploadBytesMax: number('uploadBytesMax'),
    watch: textOrNull('watch'),
    watchFolder: text('watchFolder'),
    workspaceBytesMax: number('workspaceBytesMax'),
    workspaceFilesMax: number('workspaceFilesMax'),
    workspaceChangesPerSecondMax: number('workspaceChangesPerSecondMax'),
    renditions: choice(text('renditions'), ['on', 'off']),
    embeddedMetadata: choice(text('embeddedMetadata'), ['all', 'public', 'none']),
    ffmpeg: text('ffmpeg'),
    scanCommand: textOrNull('scanCommand'),
    scanSeconds: number('scanSeconds'),
    retentionDays: number('retentionDays'),
    shutdownSeconds: number('shutdownSeconds'),
    otlpUrl: textOrNull('otlpUrl'),
    tracePercent: number('tracePercent'),
    logLevel: choice(text('logLevel'), ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    logFormat: choice(text('logFormat'), ['auto', 'json', 'human']),
  };
}

function listOf(value: SettingValue | null | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function choice<Choice extends string>(text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((one) => one === text);
  if (found === undefined) throw new TypeError(`Choice must be in the table: ${text}`);
  return found;
}

/** A value as it may stand in a message: quoted, on one line, cut. */
function shown(text: string): string {
  const quoted = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  return quoted;
}

/** The nearest known name by edit distance, where it is near enough to be meant. */
export function nearest(name: string, known: readonly string[]): string | null {
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (best === null || distance < best.distance) best = { name: candidate, distance };
  }
  return best !== null && best.distance <= 3 ? best.name : null;
}

function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/** The settings as they may be shown: secrets as `set` or `not set`, with where each came from. */
export function describeSettings({ settings, sources }: Configuration): readonly {
  readonly name: string;
  readonly variable: string;
  readonly value: string;
  readonly source: SettingSource;
}[] {
  const values: Readonly<Record<string, unknown>> = settings;
  return rows.map((row) => {
    const value = values[row.name];
    const source = sources[row.name] ?? 'default';
    const variable = environmentName(row.name);
    if (row.secret === true) return { name: row.name, variable, value: value === null ? 'not set' : 'set', source };
    return { name: row.name, variable, value: shownValue(value), source };
  });
}

function shownValue(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** For tests and embedders: every default, with what is given laid over it. */
export function defaultSettings(given: Partial<Settings> & Pick<Settings, 'dataDir'>): Settings {
  const { settings } = readConfiguration({ environment: {}, flags: { dataDir: given.dataDir }, readFile: () => null });
  return { ...settings, ...given };
}

export type { SettingType };
