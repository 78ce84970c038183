/** What the parts of the settings have in common: their heads, scopes as they are read, texts that are shown once. */
import type { ReactNode } from 'react';
import { CopyButton } from '../parts/button.tsx';
import { Notice } from '../parts/state.tsx';
import { words } from '../words/words.ts';

/** What this part is for, and what can be made in it. */
export function PartHead({ lead, action }: { readonly lead: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className="part-head">
      <p className="quiet">{lead}</p>
      {action}
    </div>
  );
}

/** Scopes by what they are about, a line each: `assets  read, write`. */
export function Scopes({ of }: { readonly of: readonly string[] }) {
  const areas = new Map<string, string[]>();
  for (const scope of of) {
    const [area = scope, verb = ''] = scope.split(':');
    areas.set(area, [...(areas.get(area) ?? []), verb]);
  }
  if (areas.size === 0) return <span className="quiet">{words.common.none}</span>;
  return (
    <ul className="scopes">
      {[...areas].map(([area, verbs]) => (
        <li key={area} className="chip">
          {area} <span className="quiet">{verbs.join(', ')}</span>
        </li>
      ))}
    </ul>
  );
}

/** A key or link that nobody is shown a second time. */
export function ShownOnce({
  text,
  name,
  children,
}: {
  readonly text: string;
  readonly name: string;
  readonly children: ReactNode;
}) {
  return (
    <>
      <Notice tone="warn">{children}</Notice>
      <div className="code">
        <div className="tools">
          <CopyButton text={text} />
        </div>
        <pre aria-label={name}>{text}</pre>
      </div>
    </>
  );
}
