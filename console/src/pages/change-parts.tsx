/** What a change is about, as every list of changes shows it: its picture and its name. */
import { IconBroadcast, IconChecklist, IconFolder, IconShare, IconStack2, IconWebhook } from '@tabler/icons-react';
import { useAsk } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import type { Change } from '../api/changes.ts';
import { words } from '../words/words.ts';
import { isSample, pictureOf, Thumb } from '../parts/thumb.tsx';

const pictured: ReadonlySet<string> = new Set(['image', 'video', 'document']);
const hasPicture = (asset: Pick<Asset, 'id' | 'state'>): boolean => pictureOf(asset, 'small') !== null;

/** What has no picture, by the type of the subject. */
const signs: { readonly [type: string]: typeof IconFolder } = {
  folder: IconFolder,
  collection: IconStack2,
  share_link: IconShare,
  workflow_job: IconChecklist,
  broadcast: IconBroadcast,
  webhook: IconWebhook,
};

/** The picture of what a change is about. */
export function ChangeThumb({ change, size = 36 }: { readonly change: Change; readonly size?: number }) {
  const then = assetOf(change);
  // The state of a change is often older than its pictures: then the asset is shown as it is now, while it is there.
  const gone = change.kind === 'asset.deleted';
  const asks = then !== undefined && !gone && !isSample(then.id) && pictured.has(then.state.kind) && !hasPicture(then);
  const now = useAsk<Asset>(asks ? `/v1/assets/${encodeURIComponent(then.id)}` : null, {}, { lingering: true });
  const Sign = signs[change.subject.type];
  if (Sign !== undefined)
    return (
      <span className="thumb" style={{ width: size, height: size }}>
        <Sign size={size / 2} stroke={1.6} aria-hidden />
      </span>
    );
  return <Thumb asset={now.data ?? then} size={size} />;
}

export function assetOf({ subject, after, before }: Change): Pick<Asset, 'id' | 'state'> | undefined {
  const state = after ?? before;
  if (subject.type !== 'asset' || state === null) return undefined;
  return { id: subject.id, state: state as unknown as Asset['state'] };
}

/** What happened, in people's words. */
export const kindText = ({ kind }: Pick<Change, 'kind'>): string => words.kinds[kind] ?? kind;

export function nameOf({ subject, after, before }: Change): string {
  const name = (after ?? before)?.['name'];
  return typeof name === 'string' && name !== '' ? name : `${subject.type} ${subject.id}`;
}
