/**
 * Which server a command talks to, and with which key: options, then ASSETWIRE_URL and ASSETWIRE_KEY (or ASSETWIRE_KEY_FILE),
 * then what the server of this data directory left in `credentials.json`, then the port that a server would take here.
 */
import { resolve } from 'node:path';
import { readConfiguration } from '../runtime/configuration.ts';
import { readCredentials } from '../runtime/credentials.ts';
import type { Credentials } from '../runtime/credentials.ts';
import { readFileIfPresent } from '../runtime/data-directory.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import { parseSetting } from '../runtime/setting-values.ts';
import { openVault } from '../runtime/vault-key.ts';
import { createClient } from './client.ts';
import type { Client } from './client.ts';
import type { CliContext } from './context.ts';

export type ConnectionOptions = {
  readonly url?: string;
  readonly keyFile?: string;
  readonly dataDir?: string;
  readonly workspace?: string;
  readonly json?: boolean;
};

const portDefault = 8484;

/** The client of the server that is meant. */
export function connect(options: ConnectionOptions, { environment }: Pick<CliContext, 'environment'>): Client {
  const url = options.url ?? environment['ASSETWIRE_URL'];
  const key = keyFrom(options.keyFile, environment);
  const local = url !== undefined && key !== null ? null : localCredentials(options.dataDir, environment);
  const found = url ?? local?.url ?? urlByPort(options.dataDir, environment);
  // The local key is for the local server: an address given by hand gets only a key given by hand.
  const localKey = url === undefined || url === local?.url ? (local?.key ?? null) : null;
  const workspace = options.workspace;
  return createClient({
    url: checkedUrl(found),
    key: key ?? localKey,
    ...(workspace === undefined ? {} : { workspace }),
  });
}

function keyFrom(keyFile: string | undefined, environment: CliContext['environment']): string | null {
  const path = keyFile ?? environment['ASSETWIRE_KEY_FILE'];
  if (path === undefined) return environment['ASSETWIRE_KEY'] ?? null;
  const text = readFileIfPresent(path);
  if (text !== null) return text.trim();
  throw new OperatorError('configuration', `Key file must be there: none at ${path}`, {
    mend: 'Name the file that holds the key',
  });
}

/** Where a server with the settings of this place would listen: `ASSETWIRE_PORT`, or the settings file. */
function urlByPort(dataDir: string | undefined, environment: CliContext['environment']): string {
  const { ASSETWIRE_PORT: port, ASSETWIRE_DATA_DIR: directory } = environment;
  const { settings } = readConfiguration({
    // Of the rest nothing is needed: what is wrong with it is for the server to say.
    environment: { ASSETWIRE_PORT: port, ASSETWIRE_DATA_DIR: dataDir ?? directory },
    readFile: readIfAllowed,
  });
  return `http://127.0.0.1:${settings.port === 0 ? portDefault : settings.port}`;
}

/** A file of another user says nothing. */
function readIfAllowed(path: string): string | null {
  try {
    return readFileIfPresent(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function checkedUrl(url: string): string {
  const parsed = parseSetting({ kind: 'url' }, url);
  if ('value' in parsed) return String(parsed.value);
  throw new OperatorError('configuration', `Server URL must be ${parsed.wanted}: found ${JSON.stringify(url)}`, {
    mend: 'Correct --url or ASSETWIRE_URL',
  });
}

function localCredentials(given: string | undefined, environment: CliContext['environment']): Credentials | null {
  const dataDir = resolve(given ?? environment['ASSETWIRE_DATA_DIR'] ?? './data');
  try {
    const keys = environmentKeys(environment);
    if (keys === null && readFileIfPresent(`${dataDir}/encryption.key`) === null) return null;
    return readCredentials(dataDir, openVault({ dataDir, keys, create: false }).vault);
  } catch (error) {
    // A directory of another user, or another key: the command goes on without and says what it lacks when it is refused.
    if (error instanceof OperatorError || (error instanceof Error && 'code' in error)) return null;
    throw error;
  }
}

function environmentKeys(environment: CliContext['environment']): readonly Uint8Array[] | null {
  const file = environment['ASSETWIRE_ENCRYPTION_KEY_FILE'];
  const text = file === undefined ? environment['ASSETWIRE_ENCRYPTION_KEY'] : readFileIfPresent(file)?.trim();
  if (text === undefined) return null;
  const parsed = parseSetting({ kind: 'keys' }, text);
  if (!('value' in parsed) || !Array.isArray(parsed.value)) return null;
  return parsed.value.filter((key) => key instanceof Uint8Array);
}
