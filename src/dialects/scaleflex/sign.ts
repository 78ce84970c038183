import type { SignatureRequest } from '../contract/message.ts';

const none: readonly SignatureRequest[] = [];

/** The vendor does not sign: credentials and headers tell a receiver who calls. */
export function sign(): readonly SignatureRequest[] {
  return none;
}
