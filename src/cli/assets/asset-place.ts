/** Assets in paths and on the terminal, as every command of `assetwire assets` has them. */
import { Argument } from 'commander';
import type { AssetView } from '../../app/app.ts';
import type { AssetFile, AssetState } from '../../core/asset.ts';
import type { JsonValue } from '../../core/json.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { printFields, printJson, showBytes, showTime } from '../output.ts';

/** The argument that names one asset. */
export function assetArgument(): Argument {
  return new Argument('<asset>', 'its id (ast_01…), external: and its external id, or alias:dialect: and its id there');
}

/** The path of an asset. */
export function at(asset: string): string {
  return `/v1/assets/${encodeURIComponent(asset)}`;
}

export function placeOf({ path, name }: Pick<AssetState, 'path' | 'name'>): string {
  return `${path === '/' ? '' : path}/${name}`;
}

type Row = readonly [name: string, text: string];

export function printAsset(asset: AssetView, options: Pick<ConnectionOptions, 'json'>, { stdout }: CliContext): void {
  if (options.json === true) return printJson(stdout, asset);
  const { state, externalId } = asset;
  const { file } = state;
  const words = (name: 'tags' | 'labels' | 'collections'): readonly Row[] =>
    state[name].length === 0 ? [] : [[name, state[name].join(', ')]];
  const fields = (name: 'info' | 'metadata' | 'aliases'): readonly Row[] =>
    Object.entries(state[name]).map(([field, value]) => [`${name}.${field}`, shownValue(value)]);
  printFields(stdout, [
    ['asset', asset.id],
    ...(externalId === undefined ? [] : ([['external id', externalId]] as const)),
    ['place', placeOf(state)],
    ['kind', state.archived ? `${state.kind}, archived${since(state.archivedAtMs, state.archivedBy)}` : state.kind],
    ...heldBy(state),
    ...(file === undefined
      ? []
      : ([['file', [file.mimeType, showBytes(file.bytes), ...factsOf(file)].join(', ')]] as const)),
    ...(file?.sha256 === undefined ? [] : ([['sha256', file.sha256]] as const)),
    ['versions', String(state.versions.length)],
    ['renditions', state.renditions.map(({ title }) => title).join(', ') || (state.derivation?.note ?? 'none')],
    ...notesOf(state),
    ...words('tags'),
    ...words('labels'),
    ...words('collections'),
    ...(state.library === undefined ? [] : ([['library', state.library]] as const)),
    ...fields('info'),
    ...fields('metadata'),
    ...fields('aliases'),
    ...focusOf(state),
    ...datesOf(state),
    ['created', showTime(asset.createdAtMs)],
    ['updated', `${showTime(asset.updatedAtMs)} (version ${asset.version})`],
  ]);
}

function factsOf({ widthPx, heightPx, pages, durationMs }: AssetFile): readonly string[] {
  return [
    ...(widthPx === undefined ? [] : [`${widthPx} × ${heightPx ?? '?'} px`]),
    ...(pages === undefined ? [] : [pages === 1 ? '1 page' : `${pages} pages`]),
    ...(durationMs === undefined ? [] : [`${(durationMs / 1_000).toFixed(1)} s`]),
  ];
}

function notesOf({ inspection, clipOf }: AssetState): readonly Row[] {
  const origin: readonly Row[] =
    clipOf === undefined
      ? []
      : [['clip of', `${clipOf.assetId}, ${clipOf.fromMs / 1_000} s to ${clipOf.toMs / 1_000} s`]];
  return inspection.note === undefined
    ? origin
    : [...origin, ['inspection', `${inspection.state}: ${inspection.note}`]];
}

function heldBy({ checkedOutBy, checkedOutByName, checkedOutAtMs }: AssetState): readonly Row[] {
  if (checkedOutBy === undefined) return [];
  const who = checkedOutByName === undefined ? checkedOutBy : `${checkedOutByName} (${checkedOutBy})`;
  return [['checked out', `by ${who}${since(checkedOutAtMs, undefined)}`]];
}

function since(atMs: number | undefined, by: string | undefined): string {
  return `${atMs === undefined ? '' : ` since ${showTime(atMs)}`}${by === undefined ? '' : ` by ${by}`}`;
}

function focusOf({ focusPoint }: AssetState): readonly Row[] {
  return focusPoint === undefined ? [] : [['focus point', `${focusPoint.x}, ${focusPoint.y}`]];
}

/** Its dates, with what they make of it. */
export function datesOf(state: AssetState): readonly Row[] {
  const { publishAtMs, expiresAtMs, archiveAtMs, archiveNoticeAtMs, availability } = state;
  const rows: Row[] = [];
  if (availability !== undefined) rows.push(['availability', availability]);
  if (publishAtMs !== undefined) rows.push(['publish', showTime(publishAtMs)]);
  if (expiresAtMs !== undefined) rows.push(['expires', showTime(expiresAtMs)]);
  if (archiveAtMs !== undefined) {
    const notice = archiveNoticeAtMs === undefined ? '' : ` (notice ${showTime(archiveNoticeAtMs)})`;
    rows.push(['archive', `${showTime(archiveAtMs)}${notice}`]);
  }
  return rows;
}

function shownValue(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
