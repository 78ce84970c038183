import type { Json, JsonObject } from '../api/types.ts';
import { words } from '../words/words.ts';

const linesMax = 24;

/** What changed: the fields that differ, before and after. */
export function Difference({
  before,
  after,
  changed,
}: {
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly changed: readonly string[];
}) {
  const fields = changed.filter((field) => shown(valueAt(before, field)) !== shown(valueAt(after, field)));
  if (fields.length === 0) return null;
  return (
    <div className="difference">
      {fields.slice(0, linesMax).map((field) => {
        const was = valueAt(before, field);
        const is = valueAt(after, field);
        return (
          <div key={field}>
            <span className="quiet mono cut" title={field}>
              {field}
            </span>
            <span>
              {was === undefined ? null : <del>{shown(was)}</del>} {is === undefined ? null : <ins>{shown(is)}</ins>}
              {is === undefined ? <span className="quiet"> {words.changes.gone}</span> : null}
            </span>
          </div>
        );
      })}
      {fields.length > linesMax ? <p className="quiet">{words.changes.moreFields(fields.length - linesMax)}</p> : null}
    </div>
  );
}

function valueAt(state: JsonObject | null, path: string): Json | undefined {
  let value: Json | undefined = state ?? undefined;
  // Names of metadata fields may hold dots: the longest name that is there counts.
  let rest = path;
  while (rest !== '') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const object = value as JsonObject;
    if (Object.hasOwn(object, rest)) return object[rest];
    const dot = rest.indexOf('.');
    if (dot < 0) return undefined;
    value = object[rest.slice(0, dot)];
    rest = rest.slice(dot + 1);
  }
  return value;
}

function shown(value: Json | undefined): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
