import type { SignatureRequest } from '../contract/message.ts';

/** The specification has no signature: who sends is proved by a token, and by what was agreed in the question. */
export function sign(): readonly SignatureRequest[] {
  return [];
}
