import { type ReactNode, useMemo } from 'react';
import { CopyButton } from './button.tsx';
import { laidOut } from './format.ts';

/** More is not coloured: it would only be slow. */
const colouredCharactersMax = 60_000;
const shownCharactersMax = 400_000;

/** A text as it is, to read and to copy. What it says is a stranger's: it is never taken for markup. */
export function Code({
  text,
  name,
  json = false,
}: {
  readonly text: string;
  readonly name: string;
  readonly json?: boolean;
}) {
  const shown = json ? laidOut(text) : text;
  const coloured = useMemo(
    () => (json && shown.length <= colouredCharactersMax ? colour(shown) : shown.slice(0, shownCharactersMax)),
    [json, shown],
  );
  return (
    <div className="code">
      <div className="tools">
        <CopyButton text={text} />
      </div>
      <pre tabIndex={0} aria-label={name}>
        {coloured}
      </pre>
    </div>
  );
}

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

function colour(text: string): readonly ReactNode[] {
  const parts: ReactNode[] = [];
  let last = 0;
  for (const match of text.matchAll(token)) {
    const { index } = match;
    const [whole, string, colon, number] = match;
    if (index > last) parts.push(text.slice(last, index));
    last = index + whole.length;
    if (string !== undefined) {
      parts.push(
        <span key={index} className={colon === undefined ? 'json-string' : 'json-key'}>
          {string}
        </span>,
      );
      if (colon !== undefined) parts.push(colon);
    } else {
      parts.push(
        <span key={index} className={number === undefined ? 'json-word' : 'json-number'}>
          {whole}
        </span>,
      );
    }
  }
  parts.push(text.slice(last));
  return parts;
}

/** Headers as a table of names and values. */
export function HeaderTable({ headers }: { readonly headers: readonly (readonly [string, string])[] }) {
  return (
    <dl className="facts">
      {headers.map(([name, value], at) => (
        <div key={`${name}${at}`} style={{ display: 'contents' }}>
          <dt className="mono">{name}</dt>
          <dd className="mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
