/** What receivers install: verify a message, read it, and notice the ones that come twice. */
export type { Actor, AssetwireEvent, EventData, EventSubject, JsonObject, JsonValue } from './event.ts';
export { parseEvent } from './event.ts';
export { createSeenMessages, type SeenMessages } from './seen-messages.ts';
export { VerificationError, type VerificationErrorCode } from './verification-error.ts';
export { type HeaderSource, verify, type VerifiedMessage, type VerifyOptions } from './verify.ts';
