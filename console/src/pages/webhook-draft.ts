/** A webhook as it is being written, before and after it is saved: what the wizard and the settings have in common. */
import type { FieldProblem } from '../api/ask.ts';
import type { Manifest } from '../api/manifest.ts';
import type { JsonObject } from '../api/json.ts';
import type { Target, TlsInput } from '../api/webhooks.ts';

export type Draft = {
  readonly name: string;
  readonly target: Target;
  readonly events: readonly string[];
  readonly settings: JsonObject;
  readonly headers: readonly (readonly [string, string])[];
  readonly credentials: Credentials | null;
  /** Null takes away what is set. */
  readonly tls: TlsInput | 'kept' | null;
  readonly contacts: readonly string[];
  readonly secret: string;
};

export type Credentials = { readonly kind: string; readonly [field: string]: string };

export type DraftProps = {
  readonly manifest: Manifest;
  readonly draft: Draft;
  readonly onChange: (patch: Partial<Draft>) => void;
  readonly problems: readonly FieldProblem[];
};

/** What the vendor calls this part. */
export type Titled = { readonly title?: string };

/** What was said of parts that are still as they were when it was said: what one has changed since is not wrong until it is sent. */
export function untouched(problems: readonly FieldProblem[], sent: Draft | null, now: Draft): readonly FieldProblem[] {
  if (sent === null) return problems;
  return problems.filter(({ at }) => JSON.stringify(valueAt(sent, at)) === JSON.stringify(valueAt(now, at)));
}

/** The value that a JSON pointer leads to, or the last one on the way to it that is there. */
function valueAt(value: unknown, pointer: string): unknown {
  let found = value;
  for (const name of pointer.split('/').slice(1)) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) break;
    found = Reflect.get(found, name);
  }
  return found === value ? undefined : found;
}

export function emptyTarget(transport: Target['transport']): Target {
  switch (transport) {
    case 'http':
      return { transport, url: '' };
    case 'sqs':
      return { transport, queue: '' };
    case 'email':
      return { transport, address: '' };
  }
}
