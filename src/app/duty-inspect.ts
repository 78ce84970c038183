/**
 * The `inspect` duty: what the file is, found out in a process apart, becomes part of the asset and `asset.ready`. Done
 * at least once; the change is made exactly once, because it commits with the duty it fulfils. Whatever goes wrong, the
 * asset becomes ready with a note: an inspection never blocks anything.
 */
import type { AssetFile, AssetState, AssetVersion, Inspection } from '../core/asset.ts';
import { type AssetHappening, changeKindsFor, fileFields, toldAs } from '../core/asset-changes.ts';
import type { ChangeKind } from '../core/change.ts';
import { changedFields } from '../core/difference.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { InspectionResult, MediaFacts } from '../media/media.ts';
import type { Duty, NewDuty } from '../storage/contract/duties.ts';
import type { JsonObject } from '../core/json.ts';
import type { MetadataField } from '../core/metadata-field.ts';
import { type MetadataMapping, withMapped } from '../core/metadata-mapping.ts';
import { assetKindOf } from './asset-state.ts';
import type { InspectPayload } from './asset-upload.ts';
import type { DerivePayload } from './duty-derive.ts';
import { isReadyOwed, withoutComing } from './asset-version-state.ts';
import { asJsonState, assetChange, assetState, assetSubject } from './asset-views.ts';
import { type Committer, DutyGone } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { MetadataSets } from './metadata-sets.ts';
import { mappingsOf } from './metadata-work.ts';
import { withLocalFile } from './local-file.ts';
import { badNote, createScanning, isBad, type Scanned, withScan } from './scanning.ts';

/** An asset waits no longer than this for its inspection. DESIGN section 3. */
export const inspectMsMax = 10_000;
/** Long enough for what held it up to be over. */
const secondLookAfterMs = 30_000;
/** Files in a row whose process died before files as such are said not to be read; then the log is silent until one is. */
const crashesTold = 3;

export type InspectDeps = Pick<AppDeps, 'blobs' | 'media' | 'ids' | 'clock' | 'logger' | 'settings'> & {
  readonly storage: Pick<AppDeps['storage'], 'resources' | 'commit'>;
  readonly committer: Committer;
  readonly metadataSets: MetadataSets;
};

export function createInspectDuty(deps: InspectDeps): DutyHandler {
  const { committer, ids } = deps;
  const scan = createScanning(deps);
  return async (duty, signal) => {
    const { workspaceId } = duty;
    const payload = duty.payload as InspectPayload;
    const key = { workspaceId, type: 'asset', id: payload.assetId } as const;
    const fulfils = { dutyId: duty.id, version: duty.version };
    const scanned = await scan(duty, payload);
    if (scanned.kind === 'later') return;
    // Whatever is in an infected file, no other program reads it.
    const result = isBad(scanned) ? withheld(scanned) : await inspect(deps, workspaceId, payload);
    if (signal.aborted) return;
    const rules = result.kind === 'inspected' ? await mappingRules(deps, workspaceId) : null;
    try {
      await committer.write(key, (current, atMs) => {
        const before = current === null ? null : assetState(current);
        // Gone with its asset or version: the duty is done without anything to tell.
        if (current === null || before === null || !isWanted(before, payload)) {
          return { kind: 'write', plan: { changes: [], fulfils }, answer: () => undefined };
        }
        const seen = withScan(inspected(before, { payload, scanned }, result), payload.blob, { scanned, atMs });
        const looked = isBad(scanned) ? withheldState(before, seen) : seen;
        // What the file says becomes metadata before anybody is told that the asset is ready.
        const isShown = looked.file?.blob === payload.blob;
        const mapped = rules === null || !isShown ? looked : withMapped(looked, rules.mappings, rules.fields);
        const found: AssetState = { ...settledVersion(mapped, { payload, scanned }), modifiedAtMs: atMs };
        const state = asJsonState(found);
        const frame = {
          ids,
          workspaceId,
          actor: { type: 'system', id: 'assetwire' } as const,
          subject: assetSubject(payload.assetId, current.alias),
          version: current.version + 1,
          atMs,
        };
        const steps = toldSteps({ before, current: current.state, found, state }, { payload, scanned });
        return {
          kind: 'write',
          plan: {
            state,
            changes: steps.map((step) => assetChange(frame, { ...step, after: state })),
            duties: [
              ...followUps(deps, { workspaceId, assetId: payload.assetId, blob: payload.blob, state: found, atMs }),
              ...secondLook(deps, { duty, payload, result, atMs }),
            ],
            fulfils,
          },
          answer: () => undefined,
        };
      });
    } catch (error) {
      if (!(error instanceof DutyGone)) throw error;
    }
  };
}

const scanFailed: ChangeKind = 'asset.scan_failed';

type Found = {
  readonly before: AssetState;
  /** The same, as it is stored. */
  readonly current: JsonObject;
  readonly found: AssetState;
  readonly state: JsonObject;
};

type Look = { readonly payload: InspectPayload; readonly scanned: Scanned };
type Step = AssetHappening & { readonly before: JsonObject };

/**
 * What is told of the two states: that the asset is ready, once; of a further version that it is, against what was there
 * before it came, for who hears of it only now has the former file as the former one; of another look news about the file.
 */
function toldSteps({ before, current, found, state }: Found, { payload, scanned }: Look): readonly Step[] {
  const news = toldOf(scanned, changeKindsFor(current, state));
  const kind = isBad(scanned) ? scanFailed : isReadyOwed(found) ? null : 'asset.ready';
  const happenings: readonly AssetHappening[] = isReadyOwed(before)
    ? [
        ...(kind === null ? [] : [{ kind, changed: changedFields(current, state) } as const]),
        ...news.filter((each) => each.kind === versionReady),
      ]
    : news;
  return happenings.map((each) => {
    if (each.kind !== versionReady) return { ...each, before: current };
    const former = asJsonState(withoutComing(before, payload));
    return { ...each, before: former, changed: changedFields(former, state).filter((field) => fileFields.has(field)) };
  });
}

const versionReady: ChangeKind = 'asset.version_ready';

/** What is news about the file is, of one that is not clean, that it is not. */
function toldOf(scanned: Scanned, happenings: readonly AssetHappening[]): readonly AssetHappening[] {
  return isBad(scanned) ? toldAs(happenings, 'asset.info_changed', scanFailed) : happenings;
}

function withheld(scanned: Parameters<typeof badNote>[0]): InspectionResult {
  return { kind: 'failed', code: 'unreadable', note: badNote(scanned) };
}

/** One that nobody was told of stays untold until its file is found to be clean, or has another. */
function withheldState(before: AssetState, after: AssetState): AssetState {
  const { inspection } = after;
  if (!isReadyOwed(before) || inspection.state !== 'failed') return after;
  return { ...after, inspection: { ...inspection, state: 'withheld' } };
}

type MappingRules = {
  readonly mappings: readonly MetadataMapping[];
  readonly fields: ReadonlyMap<string, MetadataField> | null;
};

/** Null where the workspace has no mappings. */
async function mappingRules(deps: InspectDeps, workspaceId: string): Promise<MappingRules | null> {
  const mappings = await mappingsOf(deps, workspaceId);
  if (mappings.length === 0) return null;
  return { mappings, fields: (await deps.metadataSets.get(workspaceId))?.fields ?? null };
}

/** Renditions, or a look into the file that the asset shows where nobody was told yet that the asset is ready. */
function followUps(deps: Pick<InspectDeps, 'ids' | 'media' | 'settings'>, looked: Inspected): readonly NewDuty[] {
  const { workspaceId, assetId, blob, state, atMs } = looked;
  const { file, inspection, versions } = state;
  if (inspection.state !== 'pending' || !isReadyOwed(state) || file?.blob === undefined || file.blob === blob)
    return derivations(deps, looked);
  const version = versions.find(({ active }) => active)?.number ?? 1;
  const payload: InspectPayload = { assetId, blob: file.blob, mimeType: file.mimeType, version };
  return [{ id: deps.ids.next('duty'), workspaceId, kind: 'inspect', dueAtMs: atMs, payload }];
}

type Outcome = {
  readonly duty: Pick<Duty, 'workspaceId'>;
  readonly payload: InspectPayload;
  readonly result: InspectionResult;
  readonly atMs: number;
};

/**
 * One more look at a file whose time was up: files are looked into one after the other, so it may well be that of the one
 * before it, which is broken or a bomb. What is found then is told as news about the file.
 */
function secondLook({ ids }: Pick<InspectDeps, 'ids'>, { duty, payload, result, atMs }: Outcome): readonly NewDuty[] {
  if (result.kind !== 'failed' || result.code !== 'timeout' || payload.again === true) return [];
  const again: InspectPayload = { ...payload, again: true };
  const { workspaceId } = duty;
  return [{ id: ids.next('duty'), workspaceId, kind: 'inspect', dueAtMs: atMs + secondLookAfterMs, payload: again }];
}

type Inspected = {
  readonly workspaceId: string;
  readonly assetId: string;
  readonly blob: string;
  readonly state: AssetState;
  readonly atMs: number;
};

/** Renditions are owed for the file that the asset shows, once it was read well and where there can be any. */
export function derivations(
  { ids, media, settings }: Pick<InspectDeps, 'ids' | 'media' | 'settings'>,
  { workspaceId, assetId, blob, state, atMs }: Inspected,
): readonly NewDuty[] {
  const { file, inspection } = state;
  if (settings.renditions === 'off' || inspection.state !== 'done' || file?.blob !== blob) return [];
  if (!media.derivable(file.mimeType)) return [];
  const payload: DerivePayload = { assetId, blob, mimeType: file.mimeType, tries: 0 };
  return [{ id: ids.next('duty'), workspaceId, kind: 'derive', dueAtMs: atMs, payload }];
}

async function inspect(
  deps: InspectDeps,
  workspaceId: string,
  { assetId, blob, mimeType }: InspectPayload,
): Promise<InspectionResult> {
  const { media, clock, logger } = deps;
  const late = Promise.withResolvers<InspectionResult>();
  const timer = clock.timer(inspectMsMax, () =>
    late.resolve({ kind: 'failed', code: 'timeout', note: `Inspection took longer than ${inspectMsMax / 1_000} s` }),
  );
  const looked = async (): Promise<InspectionResult> => {
    try {
      const result = await withLocalFile(deps, { workspaceId, blob }, (path) => media.inspect(path, { mimeType }));
      if (result?.kind === 'failed' && result.code === 'crashed') tellCrash(deps, { workspaceId, assetId, result });
      return result ?? { kind: 'failed', code: 'unreadable', note: 'The file is not there any more' };
    } catch (error) {
      logger.error('asset.inspection_failed', { workspaceId, assetId, error });
      return { kind: 'failed', code: 'crashed', note: 'Inspection ended unexpectedly' };
    }
  };
  try {
    return await Promise.race([looked(), late.promise]);
  } finally {
    timer.cancel();
  }
}

type Crash = {
  readonly workspaceId: string;
  readonly assetId: string;
  readonly result: { readonly note: string };
};

/** One file may do that; several in a row say that no file can be read here, which is the operator's to mend. */
function tellCrash({ media, logger }: InspectDeps, { workspaceId, assetId, result: { note } }: Crash): void {
  const { crashedInARow } = media.counts();
  const said = { workspaceId, assetId, note };
  if (crashedInARow < crashesTold) logger.warn('asset.inspection_crashed', said);
  else if (crashedInARow === crashesTold)
    logger.error('media.unable', { ...said, crashedInARow, mend: 'Run assetwire doctor on the machine of the server' });
}

/** An asset must be told as ready whatever became of its first version; else a version counts as long as it is there. */
function isWanted(state: AssetState, { blob, version = 1 }: InspectPayload): boolean {
  return isReadyOwed(state) || state.versions.some(({ number, file }) => number === version && file.blob === blob);
}

/** What was found of a version that is not the active one is kept with that version; the asset shows its active one. */
function inspected(state: AssetState, { payload: { blob }, scanned }: Look, result: InspectionResult): AssetState {
  const shown = state.file?.blob === blob;
  // Where the asset shows another file that lies here, that one's look tells that it is ready.
  const endsHere = isReadyOwed(state) && state.file?.blob === undefined && !isBad(scanned);
  const settled = shown
    ? { inspection: outcomeOf(result) }
    : endsHere
      ? { inspection: { state: 'done' } as const }
      : {};
  if (result.kind === 'failed') return { ...state, ...settled };
  const { facts } = result;
  const found = (file: AssetFile): AssetFile => (file.blob === blob ? withFacts(file, facts) : file);
  const versions = state.versions.map((each) => ({ ...each, file: found(each.file) }));
  if (!shown) return { ...state, versions, ...settled };
  const { derivation: _ofTheFileBefore, ...rest } = state;
  return {
    ...rest,
    kind: assetKindOf(facts.mimeType) === 'other' ? state.kind : assetKindOf(facts.mimeType),
    ...(state.file === undefined ? {} : { file: found(state.file) }),
    versions,
    embedded: facts.embedded ?? state.embedded,
    ...settled,
  };
}

function outcomeOf(result: InspectionResult): Inspection {
  return result.kind === 'inspected' ? { state: 'done' } : { state: 'failed', note: result.note };
}

/** The look into a version is over, whatever came of it: it is ready, unless what it holds is not clean. */
function settledVersion(state: AssetState, { payload, scanned }: Look): AssetState {
  const { version: wanted = 1, blob } = payload;
  const settle = (version: AssetVersion): AssetVersion => {
    if (version.number !== wanted || version.file.blob !== blob || version.inspection === undefined) return version;
    const { inspection: _owed, ...told } = version;
    return isBad(scanned) ? { ...told, inspection: 'withheld' } : told;
  };
  return { ...state, versions: state.versions.map(settle) };
}

function withFacts(file: AssetFile, { embedded: _, ...facts }: MediaFacts): AssetFile {
  return { ...file, ...facts };
}
