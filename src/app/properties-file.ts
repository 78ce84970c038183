/**
 * The vendor's own file of properties (`cluster-properties.txt`), read at start and whenever it changes. It holds many
 * properties that are none of ours: those are passed over. One that does not fit is told in the log with its line; the
 * others count all the same.
 */
import { readFile, stat } from 'node:fs/promises';
import { AssetwireError } from '../core/errors.ts';
import type { PropertyDescription } from '../dialects/contract/manifest.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Caller } from './app.ts';
import { type DialectProperties, type PropertyPatch, type PropertyValue, wantedOf } from './dialect-properties.ts';

/** How often the file is looked at. */
const lookMs = 2_000;
const bytesMax = 1024 * 1024;

export type PropertiesFileDeps = {
  readonly path: string;
  readonly dialect: string;
  readonly known: readonly PropertyDescription[];
  readonly properties: Pick<DialectProperties, 'applyFile'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
};

export interface PropertiesFile {
  /** Reads it once; a missing file is none. */
  start(): Promise<void>;
  stop(): void;
}

/** Whoever may write the file owns the server. */
const operator: Caller = {
  workspaceId: 'default',
  actor: { type: 'system', id: 'cluster-properties' },
  keyId: '',
  scopes: new Set(),
  admin: true,
};

export function createPropertiesFile({
  path,
  dialect,
  known,
  properties,
  clock,
  logger,
}: PropertiesFileDeps): PropertiesFile {
  let seen = '';
  let timer: Timer | null = null;
  let stopped = false;

  const look = async (): Promise<void> => {
    let found;
    try {
      found = await stat(path);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    const mark = `${found.mtimeMs} ${found.size} ${found.ino}`;
    if (mark === seen) return;
    seen = mark;
    if (found.size > bytesMax) {
      logger.warn('properties.too_large', { path, bytes: found.size, bytesMax });
      return;
    }
    const { values, problems } = readProperties(await readFile(path, 'utf8'), known);
    for (const problem of problems) logger.warn('properties.unfit', { path, ...problem });
    await properties.applyFile(operator, dialect, { values, changedAtMs: found.mtimeMs });
    logger.info('properties.read', { path, dialect, names: Object.keys(values) });
  };
  const again = (): void => {
    if (stopped) return;
    timer = clock.timer(lookMs, () => {
      look()
        .catch((error: unknown) => {
          // Read again at the next look: whatever hindered it may be gone.
          seen = '';
          logger.warn('properties.unread', { path, error: error instanceof Error ? error.message : String(error) });
        })
        .finally(again);
    });
  };
  return {
    async start() {
      await look().catch((error: unknown) => {
        seen = '';
        logger.warn('properties.unread', { path, error: error instanceof Error ? error.message : String(error) });
      });
      again();
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

type Problem = { readonly line: number; readonly name: string; readonly wanted: string };

/** Lines `name=value` or `name: value`, `#` and `!` before remarks; of a name that comes twice the last one counts. */
export function readProperties(
  text: string,
  known: readonly PropertyDescription[],
): { readonly values: PropertyPatch; readonly problems: readonly Problem[] } {
  const values = new Map<string, PropertyValue>();
  const problems: Problem[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const [, name = '', value = ''] = /^\s*([^\s#!=:][^\s=:]*)\s*[=:]?\s*(.*?)\s*$/.exec(line) ?? [];
    const description = known.find((one) => one.name === name);
    if (description === undefined) continue;
    const read = readValue(description, value);
    if (read !== null) values.set(name, read);
    else problems.push({ line: index + 1, name, wanted: wantedOf(description) });
  }
  return { values: Object.fromEntries(values), problems };
}

/** Null for what the property cannot be. */
function readValue(description: PropertyDescription, text: string): PropertyValue | null {
  if (description.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : null;
  const number = /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return number >= description.min && number <= description.max ? number : null;
}

function isMissing(error: unknown): boolean {
  if (error instanceof AssetwireError) return false;
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
