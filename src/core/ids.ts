/**
 * Ids are 128 bits: 48 bits of unix milliseconds, then 80 random bits, so they sort by time. Their own text form is a
 * prefix that names the kind, an underscore, and 26 characters of Crockford's base32 in lower case. The vendor forms
 * (UUID, 22 base64url characters, Bynder's 8-4-4-16) are other encodings of the same 128 bits: see `encodeId`.
 */
export type WorkspaceId = string;
export type ChangeId = `chg_${string}`;
export type DeliveryId = `dlv_${string}`;
export type WebhookId = `wh_${string}`;
export type DutyId = `dty_${string}`;

/** What each prefix stands for. A new kind of thing gets one row here. */
export const idPrefixes = {
  asset: 'ast',
  trashed: 'trs',
  version: 'ver',
  folder: 'fld',
  collection: 'col',
  section: 'sct',
  comment: 'cmt',
  task: 'tsk',
  shareLink: 'shl',
  workflowJob: 'job',
  broadcast: 'brc',
  change: 'chg',
  webhook: 'wh',
  delivery: 'dlv',
  duty: 'dty',
  replay: 'rpl',
  export: 'exp',
  sync: 'syn',
  fetch: 'fch',
  metadataJob: 'mjb',
  inbox: 'inb',
  inboxRequest: 'req',
  key: 'key',
  user: 'usr',
  grant: 'grt',
  erasure: 'ers',
  invitation: 'inv',
  session: 'ses',
  notice: 'ntc',
  audit: 'aud',
  secret: 'sec',
  signingKey: 'sgk',
  request: 'rq',
} as const;

export type IdKind = keyof typeof idPrefixes;
export type IdOf<Kind extends IdKind> = `${(typeof idPrefixes)[Kind]}_${string}`;

/** Draws ids. Monotonic within one process: of two ids of one source the later one sorts after the earlier one. */
export interface IdSource {
  next<Kind extends IdKind>(kind: Kind): IdOf<Kind>;
}
