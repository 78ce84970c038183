import type { SignatureRequest } from '../dialect.ts';

/** The vendor signs nothing: no secret, no header. */
export function sign(): readonly SignatureRequest[] {
  return [];
}
