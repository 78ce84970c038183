import type { ReactNode } from 'react';
import { useAsk } from '../api/queries.ts';
import type { AssetPage } from '../api/assets.ts';
import type { Json } from '../api/json.ts';
import type { MetadataField, MetadataValidation } from '../api/metadata.ts';
import { Notice } from '../parts/state.tsx';
import { words } from '../words/words.ts';

/** How many assets a search finds, in words; the search index may not be there yet, and then no number is said. */
export function Counted({ q, children }: { readonly q: string; readonly children: (have: string) => ReactNode }) {
  const { data, isPending } = useAsk<AssetPage>('/v1/assets', { q, count: 'true', limit: 1 });
  if (isPending) return <>{children(words.fields.counting)}</>;
  const total = data?.total;
  return <>{children(total === undefined ? words.fields.someAssets : words.fields.about(total.value, total.is))}</>;
}

/** `metadata.my\ field:"two words"`: the search for assets whose field has this value; without one, for those that have any. */
export function searchOf(name: string, value?: string): string {
  const field = `metadata.${name.replaceAll(/[^\p{L}\p{N}_-]/gu, (sign) => `\\${sign}`)}`;
  return value === undefined ? `${field}:*` : `${field}:"${value.replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`;
}

export type FieldChange = {
  readonly before: MetadataField;
  readonly required: boolean;
  readonly default: Json | undefined;
  readonly bounds: MetadataValidation;
  /** Values that are options no more. */
  readonly ended: readonly string[];
  readonly replace: { readonly [value: string]: string | null };
};

/** What a change of a definition does to the values that assets have, said before it is saved. */
export function Consequences(change: FieldChange) {
  const lines = linesOf(change);
  if (lines.length === 0) return null;
  return (
    <Notice tone="warn">
      <strong>{words.fields.consequences}</strong>
      <ul>
        {lines.map(({ key, q, text }) => (
          <li key={key}>{q === null ? text('') : <Counted q={q}>{text}</Counted>}</li>
        ))}
      </ul>
    </Notice>
  );
}

type Line = { readonly key: string; readonly q: string | null; readonly text: (have: string) => string };

function linesOf({ before, required, default: value, bounds, ended, replace }: FieldChange): readonly Line[] {
  const { name } = before;
  const lines: Line[] = [];
  if (required && !before.required)
    lines.push({ key: 'required', q: `-${searchOf(name)}`, text: words.fields.newlyRequired });
  for (const from of ended) {
    const to = replace[from];
    const text =
      to === undefined
        ? (have: string) => words.fields.kept(from, have)
        : to === null
          ? (have: string) => words.fields.lost(from, have)
          : (have: string) => words.fields.renamed(from, to, have);
    lines.push({ key: `option ${from}`, q: searchOf(name, from), text });
  }
  const was = before.validation ?? {};
  for (const [bound, sign] of [
    ['minimum', '<'],
    ['maximum', '>'],
    ['earliest', '<'],
    ['latest', '>'],
  ] as const) {
    const now = bounds[bound];
    if (now === undefined || now === was[bound]) continue;
    const q = `metadata.${searchOf(name).slice('metadata.'.length, -2)}:${sign}${now}`;
    lines.push({ key: bound, q, text: words.fields.beyond });
  }
  const others = ['minLength', 'maxLength', 'itemsMin', 'itemsMax', 'whole', 'format'] as const;
  if (others.some((bound) => bounds[bound] !== undefined && bounds[bound] !== was[bound]))
    lines.push({ key: 'tighter', q: null, text: () => words.fields.tighter });
  if (JSON.stringify(value) !== JSON.stringify(before.default))
    lines.push({ key: 'default', q: null, text: () => words.fields.defaultChanged });
  return lines;
}
