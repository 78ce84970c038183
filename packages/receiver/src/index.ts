/** What receivers install: verify a message, read it, and notice the ones that come twice. */
export { type BambuserOptions, verifyBambuser } from './bambuser.ts';
export {
  type BambuserBroadcast,
  type BambuserEvent,
  type BambuserImage,
  parseBambuserEvent,
} from './bambuser-event.ts';
export {
  type BrandfolderEvent,
  type BrandfolderOptions,
  byEventTime,
  parseBrandfolderEvent,
  readBrandfolder,
  type ReadBrandfolderMessage,
} from './brandfolder.ts';
export { type BynderOptions, type BynderVerifier, createBynderVerifier } from './bynder.ts';
export type { BynderConfirmation, BynderMessage, BynderNotification } from './sns-event.ts';
export {
  type BynderEvent,
  type BynderJobEvent,
  type BynderMedia,
  type BynderMediaEvent,
  type BynderMediaItem,
  type BynderScanEvent,
  parseBynderEvent,
} from './bynder-event.ts';
export {
  answerValidation,
  type CloudEvent,
  type CloudEventOptions,
  readCloudEvent,
  type ValidationOptions,
} from './cloudevents.ts';
export type { Actor, AssetwireEvent, EventData, EventSubject, JsonObject, JsonValue } from './event.ts';
export { parseEvent } from './event.ts';
export type { HeaderSource } from './raw-message.ts';
export { readScaleflex, type ScaleflexCredentials, type ScaleflexMessage } from './scaleflex.ts';
export {
  parseScaleflexEvent,
  type ScaleflexEvent,
  type ScaleflexFile,
  type ScaleflexTrigger,
} from './scaleflex-event.ts';
export { createSeenMessages, type SeenMessages } from './seen-messages.ts';
export { VerificationError, type VerificationErrorCode } from './verification-error.ts';
export { verify, type VerifiedMessage, type VerifyOptions } from './verify.ts';
export type {
  WoodwingAssetEvent,
  WoodwingEvent,
  WoodwingFolderEvent,
  WoodwingShareLinkEvent,
} from './woodwing-event.ts';
export { parseWoodwingEvent } from './woodwing-event.ts';
export { verifyWoodwing, type VerifiedWoodwingMessage } from './woodwing.ts';
