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
  const fields = changed.filter(
    (field) => JSON.stringify(valueAt(before, field)) !== JSON.stringify(valueAt(after, field)),
  );
  if (fields.length === 0) return null;
  return (
    <div className="difference">
      {fields.slice(0, linesMax).map((field) => {
        const was = valueAt(before, field);
        const is = valueAt(after, field);
        // Other things of the same names: then all of them is shown.
        const show = shown(was) === shown(is) ? raw : shown;
        return (
          <div key={field}>
            <span className="quiet mono cut" title={field}>
              {field}
            </span>
            <span>
              {was === undefined ? null : <del>{show(was)}</del>} {is === undefined ? null : <ins>{show(is)}</ins>}
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

/** Several things by their names, where each has one and no two share it: `small, medium`. */
function namesOf(value: Json): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const names = (value as readonly Json[]).flatMap((item) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return [];
    const { title, name } = item as JsonObject;
    return typeof title === 'string' ? [title] : typeof name === 'string' ? [name] : [];
  });
  return names.length === value.length && new Set(names).size === names.length ? names.join(', ') : undefined;
}

function shown(value: Json | undefined): string {
  return raw(value === undefined ? undefined : (namesOf(value) ?? value));
}

function raw(value: Json | undefined): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
