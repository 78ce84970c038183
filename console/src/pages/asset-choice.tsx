import { IconWand } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useAsk, useMay } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import type { Page } from '../api/json.ts';
import { useSettled } from '../parts/settled.ts';
import { Failure } from '../parts/state.tsx';
import { Thumb } from '../parts/thumb.tsx';
import { words } from '../words/words.ts';

const shownMax = 24;
const typingMs = 250;

/** Which asset a test is about: a made-up one, or a real one that is found by its name and seen. Empty: made up. */
export function AssetChoice({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (assetId: string) => void;
}) {
  const may = useMay('assets:read');
  const name = useId();
  const [find, setFind] = useState('');
  const q = useSettled(find, typingMs);
  const assets = useAsk<Page<Asset>>(may ? '/v1/assets' : null, { limit: shownMax, q }, { steady: true });
  if (!may) return null;
  const found = assets.data?.data ?? [];
  return (
    <fieldset className="field">
      <legend>{words.webhook.testAsset}</legend>
      <input
        className="input"
        type="search"
        aria-label={words.webhook.testFind}
        placeholder={words.webhook.testFind}
        value={find}
        onChange={(event) => setFind(event.target.value)}
      />
      {assets.error === null ? null : <Failure error={assets.error} />}
      <div className="asset-choices">
        <label className="asset-choice">
          <input type="radio" name={name} checked={value === ''} onChange={() => onChange('')} />
          <span className="thumb" style={{ width: 36, height: 36 }}>
            <IconWand size={18} stroke={1.6} aria-hidden />
          </span>
          <span className="cut">{words.webhook.testSample}</span>
        </label>
        {found.map((asset) => (
          <label key={asset.id} className="asset-choice">
            <input type="radio" name={name} checked={value === asset.id} onChange={() => onChange(asset.id)} />
            <Thumb asset={asset} />
            <span className="cut" title={asset.state.path}>
              {asset.state.name}
            </span>
          </label>
        ))}
      </div>
      {assets.data !== undefined && found.length === 0 ? (
        <p className="quiet">{q === '' ? words.webhook.testNoAssets : words.webhook.testNoneFits}</p>
      ) : null}
    </fieldset>
  );
}
