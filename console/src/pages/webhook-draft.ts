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
