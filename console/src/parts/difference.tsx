import { Fragment, type ReactNode, useMemo, useState } from 'react';
import type { Json, JsonObject } from '../api/json.ts';
import { words } from '../words/words.ts';
import { Button } from './button.tsx';
import { type FieldDifference, fieldDifferences, namesOf } from './field-difference.ts';
import { showBytes, showDuration, showMoment } from './format.ts';

/** Shown at first; the rest when it is asked for. */
const linesMax = 12;
const charactersMax = 400;

/** What changed: the fields that differ, before and after, each on a line of its own. */
export function Difference({
  before,
  after,
  changed,
}: {
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly changed: readonly string[];
}) {
  const [all, setAll] = useState(false);
  const differences = useMemo(() => fieldDifferences(before, after, changed), [before, after, changed]);
  if (differences.length === 0) return null;
  const more = differences.length - linesMax;
  return (
    <div className="difference">
      {(all || more <= 2 ? differences : differences.slice(0, linesMax)).map((difference) => (
        <Line key={difference.path} of={difference} />
      ))}
      {more > 2 ? (
        <div>
          <span />
          <span>
            <Button small look="plain" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? words.changes.fewerFields : words.changes.moreFields(more)}
            </Button>
          </span>
        </div>
      ) : null}
    </div>
  );
}

function Line({ of: { path, was, is } }: { readonly of: FieldDifference }) {
  return (
    <div>
      <span className="quiet mono name" title={path}>
        {path.split('.').map((part, at) => (
          <Fragment key={at}>
            {at === 0 ? '' : '.'}
            {at === 0 ? null : <wbr />}
            {part}
          </Fragment>
        ))}
      </span>
      <span className="sides">
        {isList(was) && isList(is) ? (
          <ListSides was={was} is={is} path={path} />
        ) : (
          <Sides was={was} is={is} path={path} />
        )}
      </span>
    </div>
  );
}

function Sides({ was, is, path }: FieldDifference) {
  const [one, other] = [shown(was, path), shown(is, path)];
  // Other things that read the same: then all of them is shown.
  const plain = one === other;
  return (
    <>
      {was === undefined ? null : <del>{plain ? raw(was) : one}</del>}{' '}
      {is === undefined ? <span className="quiet">{words.changes.gone}</span> : <ins>{plain ? raw(is) : other}</ins>}
    </>
  );
}

type List = readonly Json[];
const isList = (value: Json | undefined): value is List => Array.isArray(value);

/** Of two lists what left and what came; what stayed is only counted. */
function ListSides({ was, is, path }: { readonly was: List; readonly is: List; readonly path: string }): ReactNode {
  const [one, other] = [textsOf(was), textsOf(is)];
  const gone = one.filter((text) => !other.includes(text));
  const came = other.filter((text) => !one.includes(text));
  // The same things in another order or number, or things whose inside changed.
  if (gone.length + came.length === 0) return <Sides was={was} is={is} path={path} />;
  const stayed = other.length - came.length;
  return (
    <>
      {gone.map((text, at) => (
        <del key={`-${at}`}>{text}</del>
      ))}{' '}
      {came.map((text, at) => (
        <ins key={`+${at}`}>{text}</ins>
      ))}{' '}
      {stayed === 0 ? null : <span className="quiet">{words.changes.stayed(stayed)}</span>}
    </>
  );
}

/** Things of a list by their names, where each has one and no two share it. */
function textsOf(list: List): readonly string[] {
  const named = namesOf(list);
  return named === null ? list.map(raw) : [...named.keys()];
}

function shown(value: Json | undefined, path: string): string {
  if (value === undefined) return '';
  if (value === null || value === '') return words.changes.nothing;
  if (isList(value)) return value.length === 0 ? words.changes.nothing : cut(textsOf(value).join(', '));
  if (typeof value !== 'number') return raw(value);
  // Names of fields carry their unit.
  if (path.endsWith('AtMs')) return showMoment(value);
  if (path.endsWith('Ms')) return showDuration(value);
  return path.endsWith('.bytes') ? showBytes(value) : raw(value);
}

function raw(value: Json): string {
  return cut(typeof value === 'string' ? value : JSON.stringify(value));
}

const cut = (text: string): string => (text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text);
