import type { SignatureRequest } from '../contract/message.ts';

/** The vendor signs nothing: no secret, no header. */
export function sign(): readonly SignatureRequest[] {
  return [];
}
