/**
 * Deciding on a reported change: what the registry holds, what the reporter says, and what follows. Pure but for the
 * ids it is given. A reporter is believed: what it says happened, happened; only what is older than what it said before
 * is turned away.
 */
import type { Actor, Change, ChangeKind, Subject } from '../core/change.ts';
import { withArchived, withReportedDates } from '../core/asset-dates.ts';
import { changedFields, sameField } from '../core/difference.ts';
import { AssetwireError, type Problem } from '../core/errors.ts';
import type { IdKind, IdSource } from '../core/ids.ts';
import { isObject, ownValue } from '../core/json-equality.ts';

import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { metadataProblems, withChoicesAsBefore } from '../core/metadata-check.ts';
import type { MetadataFieldSet } from '../core/metadata-field.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { ReportedChange } from './app.ts';
import { assetProblems, fullAsset } from './asset-state.ts';
import { asJsonState, assetState } from './asset-views.ts';
import { notFound, unfit, unfitAll } from './refusals.ts';
import { mayExceed } from './rough-bytes.ts';
import { isOlderSource } from './source-version.ts';

/** Types of subjects that may be reported, with the kind of their ids. Webhooks speak for themselves. */
export const reportedTypes = {
  asset: 'asset',
  folder: 'folder',
  collection: 'collection',
  share_link: 'shareLink',
  workflow_job: 'workflowJob',
  broadcast: 'broadcast',
} as const satisfies { readonly [Type in Exclude<Subject['type'], 'webhook'>]: IdKind };

export type ReportedType = keyof typeof reportedTypes;

export type ReportDecision =
  | { readonly kind: 'stale' | 'unchanged'; readonly subject: Subject }
  | {
      readonly kind: 'applied';
      readonly subject: Subject;
      readonly changes: readonly Change[];
      /** Null deletes; undefined leaves the registry alone. */
      readonly state: JsonObject | null | undefined;
      /** What of its metadata does not fit the definitions, where that is told and not refused. */
      readonly metadataProblems?: readonly Problem[];
      /** See `droppedFields`. */
      readonly dropped?: readonly string[];
    };

export type ReportContext = {
  readonly workspaceId: string;
  readonly subjectId: string;
  readonly actor: Actor;
  readonly ids: IdSource;
  readonly atMs: number;
  /** The workspace's metadata definitions; null where it has none. */
  readonly fields: MetadataFieldSet | null;
  /** See `NoticeDays`. */
  readonly noticeDays: readonly number[];
};

/** What is wrong with a report whatever the registry holds; throws `AssetwireError`. */
export function checkReport(report: ReportedChange): ReportedType {
  const { kind, subject } = report;
  const type = subject.type;
  if (type === 'webhook' || kind.startsWith('webhook.')) {
    throw unfit('/kind', 'something that happened to an asset or around it', `${kind}: webhooks tell of themselves`);
  }
  if (!kind.startsWith(type) || kind.charCodeAt(type.length) !== 0x2e) {
    throw unfit('/subject/type', `the type that ${kind} happens to`, type);
  }
  if ((subject.id === undefined) === (subject.externalId === undefined)) {
    throw unfit('/subject', 'one of id and externalId', subject.id === undefined ? 'none' : 'both');
  }
  if ((report.causationDepth ?? 0) > limits.causationDepthMax) {
    throw new AssetwireError('causation_too_deep', {
      detail: `Take at most ${limits.causationDepthMax} changes that caused each other: got depth ${report.causationDepth}`,
      mend: 'Two systems may be answering each other: break the loop',
    });
  }
  refuseTooLarge(report);
  if (type === 'asset') {
    const problems =
      (report.before && assetProblems(report.before, '/before')) ??
      (report.after && assetProblems(report.after, '/after'));
    if (problems !== null && problems !== undefined) throw unfitAll(problems);
  }
  return type;
}

/** Names and ids of a report, each as long as it may be and written as long as it can be. */
const besideBytesMax = 9 * 1024;

/** Weighed where it may be too large; what is no snapshot and no list of fields has bounds of its own. */
function refuseTooLarge(report: ReportedChange): void {
  const { before = null, after = null, changed = null } = report;
  if (!mayExceed(limits.changeBytesMax - besideBytesMax, before, after, changed)) return;
  const bytes = Buffer.byteLength(JSON.stringify(report));
  if (bytes <= limits.changeBytesMax) return;
  throw new AssetwireError('body_too_large', {
    detail: `Report a change of at most ${limits.changeBytesMax} bytes: got ${bytes}`,
    mend: 'Leave out fields that no receiver needs',
  });
}

export function decideReport(report: ReportedChange, current: Resource | null, context: ReportContext): ReportDecision {
  const externalId = report.subject.externalId ?? current?.alias;
  const { type } = report.subject;
  const subject: Subject =
    externalId === undefined ? { type, id: context.subjectId } : { type, id: context.subjectId, externalId };
  if (current === null && report.subject.externalId === undefined) throw notFound(`the ${type.replace('_', ' ')}`);
  if (isStale(report, current)) return { kind: 'stale', subject };
  const held = current?.state ?? null;
  const version = (current?.version ?? 0) + 1;
  if (isDeletion(report.kind)) return decideDeletion(report, { subject, held, version }, context);

  const before = isCreation(report.kind) ? null : withChoices(snapshot(report, held, context.atMs), held, context);
  const said = settledDates(afterwards(report, before ?? held, context.atMs), { report, held }, context);
  const after = report.after?.['metadata'] === undefined ? said : withChoices(said, before ?? held, context);
  if (isKnownReady(report, held, after)) return { kind: 'unchanged', subject };
  const problems = context.fields === null ? null : misfits(context.fields, report, { held, after });
  const changed = report.changed ?? changedFields(before, after);
  const happening: Happening = { kind: report.kind, subject, version, before, after, changed };
  const first = change(report, happening, context);
  const changes = [beforeDiffers(report, before, held) ? { ...first, beforeDiffers: true } : first];
  // Nothing is inspected here, so what was created elsewhere, or got another version, is ready at once. DESIGN section 3.
  if (report.kind === 'asset.created') {
    changes.push(change(report, { ...happening, kind: 'asset.ready', before: null }, context));
  } else if (report.kind === 'asset.version_added') {
    changes.push(change(report, { ...happening, kind: 'asset.version_ready' }, context));
  }
  const dropped = type === 'asset' && held !== null ? droppedFields(report, held) : null;
  const applied = { kind: 'applied', subject, changes, state: after } as const;
  // The usual report has nothing to tell of.
  if (problems === null && dropped === null) return applied;
  return {
    ...applied,
    ...(problems === null ? {} : { metadataProblems: problems }),
    ...(dropped === null ? {} : { dropped }),
  };
}

/** What of an asset is kept by names of its users', and replaced whole by a report. */
const replacedWhole = ['info', 'metadata', 'embedded', 'aliases'] as const;

/**
 * Fields that were known here and are gone because `after` has their object without them, though the report names them
 * neither in `before` nor in `changed`: meant perhaps, or a part was sent for the whole. Null: none.
 */
function droppedFields({ before, after, changed }: ReportedChange, held: JsonObject): readonly string[] | null {
  if (after === null || after === undefined) return null;
  let dropped: string[] | null = null;
  for (const name of replacedWhole) {
    const [now, known, said] = [after[name], held[name], before?.[name]];
    if (!isObject(now) || !isObject(known)) continue;
    for (const field in known) {
      if (Object.hasOwn(now, field) || (isObject(said) && Object.hasOwn(said, field))) continue;
      const path = `${name}.${field}`;
      if (changed?.includes(path) === true || changed?.includes(name) === true) continue;
      dropped ??= [];
      dropped.push(path);
    }
  }
  return dropped;
}

/**
 * Metadata that does not fit has been given to an asset elsewhere all the same: told with the result. Refused only where
 * the workspace wants it so. Null: all fits.
 */
function misfits(
  fields: MetadataFieldSet,
  { subject, after: reported }: ReportedChange,
  { held, after }: { readonly held: JsonObject | null; readonly after: JsonObject },
): readonly Problem[] | null {
  // Nothing is said of metadata, so nothing about it changes.
  if (subject.type !== 'asset' || (held !== null && reported?.['metadata'] === undefined)) return null;
  const before = held === null ? null : held['metadata'];
  const problems = metadataProblems(fields, { before, after: after['metadata'] }, '/after/metadata');
  if (problems.length > 0 && fields.rules.fromElsewhere === 'refuse') throw unfitAll(problems);
  return problems.length === 0 ? null : problems;
}

type Held = { readonly subject: Subject; readonly held: JsonObject | null; readonly version: number };

function decideDeletion(
  report: ReportedChange,
  { subject, held, version }: Held,
  context: ReportContext,
): ReportDecision {
  if (report.after !== undefined && report.after !== null) {
    throw unfit('/after', `nothing after ${report.kind}`, 'a snapshot');
  }
  const before = withChoices(snapshot(report, held, context.atMs), held, context);
  const changed = report.changed ?? changedFields(before, null);
  const made = change(report, { kind: report.kind, subject, version, before, after: null, changed }, context);
  return {
    kind: 'applied',
    subject,
    changes: [beforeDiffers(report, before, held) ? { ...made, beforeDiffers: true } : made],
    state: held === null ? undefined : null,
  };
}

type Happening = {
  readonly kind: ChangeKind;
  readonly subject: Subject;
  readonly version: number;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly changed: readonly string[];
};

function change(
  report: ReportedChange,
  happening: Happening,
  { ids, workspaceId, actor, atMs }: ReportContext,
): Change {
  return {
    id: ids.next('change'),
    workspaceId,
    kind: happening.kind,
    subject: happening.subject,
    subjectVersion: happening.version,
    occurredAtMs: report.occurredAtMs ?? atMs,
    acceptedAtMs: atMs,
    actor: report.actor === undefined ? actor : reporter(report.actor),
    before: happening.before,
    after: happening.after,
    changed: happening.changed,
    causationDepth: report.causationDepth ?? 0,
  };
}

function reporter(actor: NonNullable<ReportedChange['actor']>): Actor {
  return actor.name === undefined
    ? { type: 'source', id: actor.id }
    : { type: 'source', id: actor.id, name: actor.name };
}

/** What the reporter says was there, filled from the registry where it says nothing. */
function snapshot({ subject, before }: ReportedChange, held: JsonObject | null, atMs: number): JsonObject | null {
  if (before === undefined) return held;
  if (before === null) return null;
  return subject.type === 'asset' ? asJsonState(fullAsset(before, held, atMs)) : before;
}

/** The state after: as reported, fields left out as they were. */
function afterwards(report: ReportedChange, base: JsonObject | null, atMs: number): JsonObject {
  const { after, sourceVersion } = report;
  if (after === null || (after === undefined && base === null)) {
    throw unfit(
      '/after',
      'the state after the change: nothing is known of the subject',
      after === null ? 'null' : 'nothing',
    );
  }
  const modifiedAtMs = report.occurredAtMs ?? atMs;
  if (report.subject.type === 'asset') {
    // The time of the change is the time of modification unless the reporter knows better.
    const given: JsonObject = { modifiedAtMs, ...after, ...(sourceVersion === undefined ? {} : { sourceVersion }) };
    return asJsonState(fullAsset(given, base, modifiedAtMs));
  }
  const state = after ?? base ?? {};
  return sourceVersion === undefined ? state : { ...state, sourceVersion };
}

/** What follows from dates and archiving that were reported. Most reports say nothing of either, and pay for no more than a look. */
function settledDates(
  after: JsonObject,
  { report, held }: { readonly report: ReportedChange; readonly held: JsonObject | null },
  { atMs, actor, noticeDays }: ReportContext,
): JsonObject {
  const given = report.after;
  if (report.subject.type !== 'asset' || given === null || given === undefined) return after;
  const { archived = false, archiveAtMs, publishAtMs, expiresAtMs } = given;
  const archives = archived === true && held?.['archived'] !== true && given['archivedAtMs'] === undefined;
  const dated = archiveAtMs !== undefined || publishAtMs !== undefined || expiresAtMs !== undefined;
  if (!archives && !dated && (held?.['archived'] ?? false) === after['archived']) return after;
  const was = held === null ? null : assetState({ state: held });
  const by = report.actor?.id ?? actor.id;
  const stamp = { atMs: report.occurredAtMs ?? atMs, by };
  const said = assetState({ state: after });
  const state = withArchived({ ...said, archived: was?.archived ?? false }, said.archived, stamp);
  return asJsonState(withReportedDates(state, was, { atMs, noticeDays }));
}

function isStale(report: ReportedChange, current: Resource | null): boolean {
  const known = current?.state['sourceVersion'];
  if (report.sourceVersion === undefined || (typeof known !== 'number' && typeof known !== 'string')) return false;
  return isOlderSource(report.sourceVersion, known);
}

/** What was chosen is a set; see `withChoicesAsBefore`. */
function withChoices<State extends JsonObject | null>(
  state: State,
  known: JsonObject | null,
  { fields }: ReportContext,
): State {
  if (fields === null || state === null || !isObject(state['metadata']) || known === null) return state;
  return withChoicesAsBefore(fields, known, { ...state, metadata: state['metadata'] });
}

/**
 * Only the fields that were reported can differ: the others were taken from the registry. Compared as the registry would
 * write them, so that another spelling of a path or another order of a set is no difference.
 */
function beforeDiffers({ before }: ReportedChange, read: JsonObject | null, held: JsonObject | null): boolean {
  if (before === undefined || held === null) return false;
  if (before === null || read === null) return true;
  for (const field in before) {
    if (field === 'modifiedAtMs' || field === 'sourceVersion') continue;
    if (!sameField(field, ownValue(read, field), ownValue(held, field))) return true;
  }
  return false;
}

/**
 * `asset.created` has said already that it is ready, `asset.version_added` that the version is; a reporter that says so once
 * more has nothing new to tell.
 */
function isKnownReady({ kind }: ReportedChange, held: JsonObject | null, after: JsonObject): boolean {
  const saysReady = kind === 'asset.ready' || kind === 'asset.version_ready';
  return saysReady && held !== null && changedFields(held, after).length === 0;
}

function isDeletion(kind: ChangeKind): boolean {
  return kind === 'asset.deleted' || kind.endsWith('.removed');
}

function isCreation(kind: ChangeKind): boolean {
  return kind.endsWith('.created');
}
