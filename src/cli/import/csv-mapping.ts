/**
 * Columns of a CSV as fields of an asset's state. A column is known by its name (`External ID` is `externalId`), or mapped;
 * one that means nothing is refused up front rather than lost row by row.
 */
import type { MetadataField } from '../../core/metadata-field.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';

/** A row as a state, or what is wrong with it. */
export type CsvMapping = (
  row: readonly string[],
) =>
  | { readonly state: { readonly [field: string]: unknown }; readonly fault?: undefined }
  | { readonly fault: string; readonly state?: undefined };

export type CsvRules = {
  /** `Column=field`, as the user says. */
  readonly map: readonly string[];
  /** What becomes of columns that are no field. */
  readonly others: 'refuse' | 'ignore' | 'metadata';
  /** Between the items of a list within a cell. */
  readonly listSeparator: string;
  /** The workspace's definitions, so that a number column becomes numbers. */
  readonly fields: ReadonlyMap<string, Pick<MetadataField, 'type'>>;
};

type Kind = 'text' | 'number' | 'flag' | 'list' | 'version' | 'time';

const simple: { readonly [field: string]: Kind } = {
  externalId: 'text',
  id: 'text',
  name: 'text',
  path: 'text',
  tags: 'list',
  labels: 'list',
  collections: 'list',
  library: 'text',
  archived: 'flag',
  source: 'text',
  sourceVersion: 'version',
  occurredAtMs: 'time',
  'file.name': 'text',
  'file.url': 'text',
  'file.mimeType': 'text',
  'file.sha256': 'text',
  'file.sha1': 'text',
  'file.md5': 'text',
  'file.bytes': 'number',
  'file.widthPx': 'number',
  'file.heightPx': 'number',
  'file.durationMs': 'number',
};

const groups = ['info.', 'metadata.', 'aliases.'];

type Column = { readonly path: readonly [string] | readonly [string, string]; readonly kind: Kind };

/** Throws for columns that mean nothing, twice the same, or name no asset. */
export function csvMapping(header: readonly string[], rules: CsvRules): CsvMapping {
  const mapped = new Map(rules.map.map(readPair));
  const missing = [...mapped.keys()].filter((column) => !header.includes(column));
  if (missing.length > 0) throw wrong(`Columns of --map must be in the header: ${quoted(missing)} not`);
  const columns = header.map((name) => columnOf(name, mapped.get(name), rules));
  const strange = header.filter((_, at) => columns[at] === undefined);
  if (strange.length > 0)
    throw wrong(
      `Every column must mean something: ${quoted(strange)} not`,
      `Map them (--map '${strange[0]}=metadata.${strange[0]}'), or say --others metadata or --others ignore`,
    );
  const paths = columns.flatMap((column) => (column === null || column === undefined ? [] : [column.path.join('.')]));
  const twice = paths.filter((path, at) => paths.indexOf(path) !== at);
  if (twice.length > 0) throw wrong(`Each field must have one column: ${quoted(twice)} several`);
  if (!paths.includes('externalId') && !paths.includes('id'))
    throw wrong('A column must name the asset: none is externalId or id', "Map it: --map 'Column=externalId'");
  return (row) => {
    const state: { [field: string]: unknown } = {};
    for (const [at, column] of columns.entries()) {
      const cell = row[at]?.trim() ?? '';
      if (column === null || column === undefined || cell === '') continue;
      const value = valueOf(cell, column.kind, rules.listSeparator);
      if (value === undefined)
        return {
          fault: `Column ${JSON.stringify(header[at])} must be ${wanted[column.kind]}: got ${JSON.stringify(cell)}`,
        };
      const [first, second] = column.path;
      if (second === undefined) state[first] = value;
      else state[first] = { ...(state[first] as object | undefined), [second]: value };
    }
    return { state };
  };
}

/** Null: left out on purpose; undefined: means nothing. */
function columnOf(name: string, field: string | undefined, { others, fields }: CsvRules): Column | null | undefined {
  const path = field ?? known(name);
  if (path !== undefined) {
    const column = columnAt(path, fields);
    if (column === undefined)
      throw wrong(
        `A field must be one of a state: ${JSON.stringify(path)} is none`,
        `Fields: ${Object.keys(simple).join(', ')}, info.…, metadata.…, aliases.…`,
      );
    return column;
  }
  if (others === 'ignore') return null;
  return others === 'metadata' ? columnAt(`metadata.${name}`, fields) : undefined;
}

/** A field by any of its spellings: `External ID`, `external_id`, `metadata.season`. */
function known(name: string): string | undefined {
  if (groups.some((group) => name.startsWith(group) && name.length > group.length)) return name;
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]/g, '');
  return Object.keys(simple).find((field) => plain(field) === plain(name));
}

function columnAt(path: string, fields: CsvRules['fields']): Column | undefined {
  const kind = Object.hasOwn(simple, path) ? simple[path] : undefined;
  const dot = path.indexOf('.');
  const first = path.slice(0, dot);
  const second = path.slice(dot + 1);
  if (kind !== undefined) return { path: dot < 0 ? [path] : [first, second], kind };
  if (!groups.includes(`${first}.`) || second === '' || second === '__proto__') return undefined;
  return { path: [first, second], kind: first === 'metadata' ? kindOfField(fields.get(second)) : 'text' };
}

function kindOfField(field: Pick<MetadataField, 'type'> | undefined): Kind {
  if (field?.type === 'number') return 'number';
  if (field?.type === 'boolean') return 'flag';
  return field?.type === 'multiselect' ? 'list' : 'text';
}

const wanted: { readonly [Each in Kind]: string } = {
  text: 'a text',
  number: 'a number',
  flag: 'true or false',
  list: 'a list',
  version: 'a number or a text',
  time: 'a time such as 2026-11-22T12:00:00Z, or unix milliseconds',
};

/** Undefined where the cell does not fit. */
function valueOf(cell: string, kind: Kind, separator: string): unknown {
  switch (kind) {
    case 'text':
      return cell;
    case 'number':
      return Number.isFinite(Number(cell)) ? Number(cell) : undefined;
    case 'version':
      return /^\d{1,15}$/.test(cell) ? Number(cell) : cell;
    case 'time': {
      const ms = /^\d{1,15}$/.test(cell) ? Number(cell) : Date.parse(cell);
      return Number.isNaN(ms) ? undefined : ms;
    }
    case 'flag':
      if (/^(true|yes|1)$/i.test(cell)) return true;
      return /^(false|no|0)$/i.test(cell) ? false : undefined;
    case 'list':
      return cell
        .split(separator)
        .map((item) => item.trim())
        .filter((item) => item !== '');
    default:
      return kind satisfies never;
  }
}

function readPair(pair: string): readonly [string, string] {
  const at = pair.lastIndexOf('=');
  if (at < 1 || at === pair.length - 1)
    throw wrong(`--map must be Column=field: got ${JSON.stringify(pair)}`, "Such as --map 'Asset ID=externalId'");
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name));
  return `${shown.join(', ')}${names.length > shown.length ? ' and more are' : names.length === 1 ? ' is' : ' are'}`;
}

function wrong(message: string, mend = 'Check the header of the file'): CommandError {
  return new CommandError(message, mend, exitCodes.usage);
}
