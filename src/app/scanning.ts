/**
 * Viruses are looked for before anything else looks into a file, where the operator has set a scanner. Until then, and
 * for good where something was found or nothing could be said, the bytes are given to nobody. Few scans run at once; what
 * waits does so in the store, because the few duties of a process must not all be these.
 */
import type { AssetFile, AssetState, FileScan } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { ScanResult } from '../media/media.ts';
import type { Duty } from '../storage/contract/duties.ts';
import { assetState } from './asset-views.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';
import { createDerivingSlots } from './deriving-slots.ts';
import { advanced } from './duty-step.ts';
import { withLocalFile } from './local-file.ts';

export type Scanned =
  /** There is no scanner. */
  | { readonly kind: 'none' }
  | ScanResult
  /** The duty was put off: it is this file's turn later, or another try may help. */
  | { readonly kind: 'later' };

/** What a duty that scans carries of it. */
export type ScanPayload = { readonly assetId: string; readonly blob: string; readonly scans?: number };

export type ScanningDeps = Pick<AppDeps, 'blobs' | 'media' | 'clock' | 'logger'> & {
  readonly storage: Pick<AppDeps['storage'], 'commit' | 'resources'>;
};

export type Scanning = (duty: Duty, payload: ScanPayload) => Promise<Scanned>;

/** A scanner that cannot be asked may be back in a while; then the file is withheld with a note. */
const triesMax = 3;
const retryPauseMs = 15_000;
const scansAtOnceMax = 2;

export function createScanning(deps: ScanningDeps): Scanning {
  const { clock, logger, media } = deps;
  const slots = createDerivingSlots(() => clock.nowMs(), { atOnceMax: scansAtOnceMax });
  return async (duty, payload) => {
    const { scanner } = media;
    const { workspaceId } = duty;
    const { assetId, blob } = payload;
    if (scanner === undefined) return (await isOwed(deps, duty, payload)) ? noScanner : { kind: 'none' };
    const slot = slots.take();
    if (slot.kind === 'later') return postpone(deps, duty, { payload, dueAtMs: slot.atMs });
    try {
      const result = await withLocalFile(deps, { workspaceId, blob }, (path) => scanner.scan(path));
      if (result === null) return { kind: 'failed', note: 'the file is not there any more' };
      if (result.kind === 'infected') logger.warn('asset.infected', { workspaceId, assetId, note: result.note });
      if (result.kind !== 'failed') return result;
      const scans = (payload.scans ?? 0) + 1;
      logger.error('asset.scan_failed', { workspaceId, assetId, note: result.note, tries: scans });
      if (scans >= triesMax) return result;
      return await postpone(deps, duty, {
        payload: { ...payload, scans },
        dueAtMs: clock.nowMs() + retryPauseMs * 2 ** (scans - 1),
      });
    } finally {
      slot.free();
    }
  };
}

/** Taken in where a scanner is set, looked into where none is: it must not go out unseen for that. */
async function isOwed({ storage }: ScanningDeps, { workspaceId }: Duty, { assetId, blob }: ScanPayload) {
  const [row] = await storage.resources([{ workspaceId, type: 'asset', id: assetId }]);
  if (row === undefined || row === null) return false;
  const { file, versions } = assetState(row);
  return [file, ...versions.map((version) => version.file)].some(
    (each) => each?.blob === blob && each.scan?.state === 'pending',
  );
}

const noScanner = { kind: 'failed', note: 'no scanner is set in the process that looked into it' } as const;

async function postpone(
  { storage, clock }: ScanningDeps,
  duty: Duty,
  { payload, dueAtMs }: { readonly payload: JsonObject; readonly dueAtMs: number },
): Promise<Scanned> {
  const advances = advanced(duty, dueAtMs, payload);
  await commitOne(storage, { workspaceId: duty.workspaceId, atMs: clock.nowMs(), advances });
  return { kind: 'later' };
}

/** What a file carries that was just taken in. */
export function unscanned({ media }: Pick<AppDeps, 'media'>): Pick<AssetFile, 'scan'> {
  return media.scanner === undefined ? {} : { scan: { state: 'pending' } };
}

/** Whether it was scanned in vain: something was found, or nothing could be said. */
export function isBad(scanned: Scanned): scanned is Exclude<ScanResult, { kind: 'clean' }> {
  return scanned.kind === 'infected' || scanned.kind === 'failed';
}

/** The note of an asset whose file is withheld. */
export function badNote({ kind, note }: Exclude<ScanResult, { kind: 'clean' }>): string {
  return kind === 'infected' ? `A virus was found: ${note}` : `Viruses could not be looked for: ${note}`;
}

/** With what the scan found, in every version that has this file. */
export function withScan(state: AssetState, blob: string, { scanned, atMs }: ScannedAt): AssetState {
  if (scanned.kind === 'none' || scanned.kind === 'later') return state;
  const scan: FileScan = {
    state: scanned.kind,
    atMs,
    ...(scanned.kind === 'clean' ? {} : { note: scanned.note }),
  };
  const marked = (file: AssetFile): AssetFile => (file.blob === blob ? { ...file, scan } : file);
  return {
    ...state,
    ...(state.file === undefined ? {} : { file: marked(state.file) }),
    versions: state.versions.map((version) => ({ ...version, file: marked(version.file) })),
  };
}

type ScannedAt = { readonly scanned: Scanned; readonly atMs: number };

/** Throws `content_withheld` where the bytes were not found to be clean. */
export function refuseWithheld(file: AssetFile | undefined): void {
  const scan = file?.scan;
  if (scan === undefined || scan.state === 'clean') return;
  if (scan.state === 'pending') {
    throw new AssetwireError('content_withheld', {
      detail: 'Read the content: viruses are still looked for in it',
      mend: 'Come back in a moment',
      retryAfterSeconds: 2,
    });
  }
  const found = scan.state === 'infected' ? 'a virus was found in it' : 'viruses could not be looked for in it';
  throw new AssetwireError('content_withheld', {
    detail: `Read the content: ${found}${scan.note === undefined ? '' : ` (${scan.note})`}`,
  });
}
