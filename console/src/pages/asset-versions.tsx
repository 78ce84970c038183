import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { fetched, sendFile } from '../api/ask.ts';
import { refresh, useAll, useChange, useMay } from '../api/queries.ts';
import type { Asset, AssetVersion } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { showBytes } from '../parts/format.ts';
import { Badge, Loaded } from '../parts/state.tsx';
import { Ago } from '../parts/time.tsx';
import { tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { assetPaths } from './asset-paths.ts';

export function Versions({ asset: { id } }: { readonly asset: Asset }) {
  const may = useMay('assets:write');
  const versions = useAll<AssetVersion>(`/v1/assets/${id}/versions`);
  const activate = useChange(assetPaths(id));
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [share, setShare] = useState<number | null>(null);
  const add = (file: File | undefined) => {
    if (file === undefined) return;
    setShare(0);
    sendFile({ path: `/v1/assets/${id}/versions`, file }, setShare)
      .done.then(() => Promise.all(assetPaths(id).map((path) => refresh(client, path))))
      .catch(tellProblem)
      .finally(() => setShare(null));
  };
  return (
    <Card
      title={words.asset.tabs.versions}
      actions={
        may ? (
          <Button small busy={share !== null} onClick={() => input.current?.click()}>
            {words.asset.addVersion}
          </Button>
        ) : null
      }
    >
      <input
        ref={input}
        type="file"
        hidden
        aria-label={words.asset.addVersion}
        onChange={(event) => {
          add(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      {share === null ? null : (
        <div className="progress">
          <span style={{ width: `${share * 100}%` }} />
        </div>
      )}
      <Loaded of={versions}>
        {(items) => (
          <ol className="timeline">
            {items
              .toSorted((one, other) => other.number - one.number)
              .map(({ number, active, createdAtMs, file }) => (
                <li key={number} data-tone={active ? 'good' : undefined}>
                  <div className="row between">
                    <span className="row">
                      <a href={fetched(`/v1/assets/${id}/versions/${number}/content`)} download={file.name}>
                        {words.asset.version(number)}
                      </a>
                      {active ? <Badge tone="good">{words.asset.active}</Badge> : null}
                    </span>
                    {active || !may ? null : (
                      <Button
                        small
                        onClick={() =>
                          activate.mutate({ method: 'POST', path: `/v1/assets/${id}/versions/${number}/activate` })
                        }
                      >
                        {words.asset.activate}
                      </Button>
                    )}
                  </div>
                  <p className="quiet">
                    {file.name ?? ''} {file.bytes === undefined ? '' : `· ${showBytes(file.bytes)}`} ·{' '}
                    {createdAtMs === undefined ? null : <Ago atMs={createdAtMs} />}
                  </p>
                </li>
              ))}
          </ol>
        )}
      </Loaded>
    </Card>
  );
}
