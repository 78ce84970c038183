import { Link } from 'wouter';
import { useAsk, useMay } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import { isSample, Thumb } from '../parts/thumb.tsx';
import { words } from '../words/words.ts';

/** What a delivery or change is about: an asset by its picture and name, anything else by its id. */
export function Subject({ of }: { readonly of: string }) {
  const [type, id = ''] = splitSubject(of);
  if (type === 'asset' && isSample(id)) return <span className="cut quiet">{words.deliveries.sample}</span>;
  if (type !== 'asset') return <span className="mono cut">{of}</span>;
  return <AssetSubject id={id} />;
}

/** An asset by its picture and name, as soon as both are known. */
export function AssetSubject({ id }: { readonly id: string }) {
  // Rows are drawn only where they are seen, and what was asked once is kept: a few questions for a page of rows.
  const may = useMay('assets:read');
  const { data: asset } = useAsk<Asset>(may ? `/v1/assets/${encodeURIComponent(id)}` : null, {}, { lingering: true });
  if (!may) return <span className="mono cut">{id}</span>;
  return (
    <Link href={`/assets/${encodeURIComponent(id)}`} className="row subject" title={id}>
      <Thumb asset={asset} size={26} />
      <span className={asset === undefined ? 'mono cut' : 'cut'} dir="auto">
        {asset === undefined ? id : asset.state.name}
      </span>
    </Link>
  );
}

export function splitSubject(subject: string): readonly [type: string, id: string] {
  const colon = subject.indexOf(':');
  return colon < 0 ? ['', subject] : [subject.slice(0, colon), subject.slice(colon + 1)];
}
