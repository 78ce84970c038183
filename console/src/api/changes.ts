/** What happened, as the API shows it. */
import type { JsonObject } from './json.ts';

export type Change = {
  readonly id: string;
  readonly kind: string;
  readonly subject: { readonly type: string; readonly id: string; readonly externalId?: string };
  readonly subjectVersion: number;
  readonly occurredAtMs: number;
  readonly acceptedAtMs: number;
  readonly actor: { readonly type: string; readonly id: string; readonly name?: string };
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly changed: readonly string[];
  readonly causationDepth: number;
};
