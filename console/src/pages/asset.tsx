import { useAsk } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import type { JsonObject } from '../api/json.ts';
import { useFilters } from '../app/address.ts';
import { Card, Facts, Page } from '../parts/card.tsx';
import { showBytes, showDuration } from '../parts/format.ts';
import { useCurrentInSight } from '../parts/current-in-sight.ts';
import { Loaded, Notice } from '../parts/state.tsx';
import { Moment } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { AssetActions } from './asset-actions.tsx';
import { AssetHistory } from './asset-history.tsx';
import { AboutForm, MetadataForm } from './asset-forms.tsx';
import { LibraryName } from './library-choice.tsx';
import { isMissing, Missing } from './missing.tsx';
import { PacketLink } from './asset-packet.tsx';
import { Shares } from './asset-shares.tsx';
import { AssetStage } from './asset-stage.tsx';
import { Talk } from './asset-talk.tsx';
import { Versions } from './asset-versions.tsx';
import { AssetMarks, titleOf } from './asset-marks.tsx';

const tabs = ['about', 'metadata', 'versions', 'embedded', 'history', 'talk', 'share'] as const;

export function AssetPage({ id }: { readonly id: string }) {
  const asset = useAsk<Asset>(`/v1/assets/${encodeURIComponent(id)}`, {}, { everyMs: 15_000 });
  const [{ tab: named }, setFilters] = useFilters(['tab']);
  const tab = tabs.find((known) => known === named) ?? 'about';
  const row = useCurrentInSight(asset.data === undefined ? undefined : tab);
  if (isMissing(asset)) return <Missing what="asset" id={id} />;
  return (
    <Page
      title={asset.data === undefined ? words.places.assets : <span dir="auto">{titleOf(asset.data)}</span>}
      name={asset.data === undefined ? words.places.assets : titleOf(asset.data)}
      back={{ href: '/assets', label: words.assets.title }}
      actions={asset.data === undefined ? null : <AssetActions asset={asset.data} />}
    >
      <Loaded of={asset} lines={12}>
        {(data) => (
          <div className="asset-page">
            <AssetStage asset={data} />
            <FileCard asset={data} />
            <div className="stack asset-side">
              <nav className="tabs" aria-label={data.state.name} ref={row}>
                {tabs.map((name) => (
                  <button
                    key={name}
                    type="button"
                    aria-current={name === tab ? 'page' : undefined}
                    onClick={() => setFilters({ tab: name === 'about' ? '' : name })}
                  >
                    {words.asset.tabs[name]}
                  </button>
                ))}
              </nav>
              {tab === 'about' ? <AboutForm asset={data} /> : null}
              {tab === 'metadata' ? <MetadataForm asset={data} /> : null}
              {tab === 'versions' ? <Versions asset={data} /> : null}
              {tab === 'embedded' ? <Embedded asset={data} /> : null}
              {tab === 'history' ? <AssetHistory asset={data} /> : null}
              {tab === 'talk' ? <Talk asset={data} /> : null}
              {tab === 'share' ? <Shares asset={data} /> : null}
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function FileCard({ asset }: { readonly asset: Asset }) {
  const { id, externalId, state, createdAtMs, updatedAtMs } = asset;
  const { file } = state;
  return (
    <Card title={words.asset.file}>
      <div className="stack">
        <AssetMarks asset={asset} />
        {state.inspection?.note === undefined ? null : <Notice tone="warn">{state.inspection.note}</Notice>}
        <Facts
          of={[
            [words.asset.name, state.name],
            [words.asset.folder, state.path],
            [
              words.libraries.of,
              state.library === undefined ? undefined : <LibraryName key="library" of={state.library} />,
            ],
            [words.asset.type, file?.mimeType],
            [words.asset.size, file?.bytes === undefined ? undefined : showBytes(file.bytes)],
            [
              words.asset.dimensions,
              file?.widthPx === undefined || file.heightPx === undefined
                ? undefined
                : `${file.widthPx} × ${file.heightPx} px`,
            ],
            [words.asset.duration, file?.durationMs === undefined ? undefined : showDuration(file.durationMs)],
            [words.asset.pages, file?.pages === undefined ? undefined : String(file.pages)],
            [
              words.asset.sha,
              file?.sha256 === undefined ? undefined : (
                <span key="sha" className="mono">
                  {file.sha256}
                </span>
              ),
            ],
            [words.asset.externalId, externalId],
            [words.asset.uploadedBy, state.createdByName ?? state.createdBy],
            [words.common.created, <Moment key="created" atMs={createdAtMs} />],
            [words.common.updated, <Moment key="updated" atMs={updatedAtMs} />],
            [
              words.asset.publishAt,
              state.publishAtMs === undefined ? undefined : <Moment key="publish" atMs={state.publishAtMs} />,
            ],
            [
              words.asset.expiresAt,
              state.expiresAtMs === undefined ? undefined : <Moment key="expires" atMs={state.expiresAtMs} />,
            ],
            [
              words.asset.archiveAt,
              state.archiveAtMs === undefined ? undefined : <Moment key="archive" atMs={state.archiveAtMs} />,
            ],
            [
              words.common.id,
              <span key="id" className="mono">
                {id}
              </span>,
            ],
          ]}
        />
      </div>
    </Card>
  );
}

/** What the file says of itself, group by group. It is the file's word, shown as text. */
function Embedded({ asset: { id, state } }: { readonly asset: Asset }) {
  const groups = Object.entries(state.embedded ?? {});
  if (groups.length === 0) return <p className="quiet">{words.asset.noEmbedded}</p>;
  const flat = groups.filter(([, value]) => typeof value !== 'object' || value === null);
  const nested = groups.filter(([, value]) => typeof value === 'object' && value !== null);
  return (
    <>
      {flat.length === 0 ? null : (
        <Card>
          <Facts of={flat.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])} />
        </Card>
      )}
      {nested.map(([name, value]) => (
        <Card key={name} title={name}>
          <Facts
            of={Object.entries(value as JsonObject)
              .slice(0, 400)
              .map(([field, found]) => [field, typeof found === 'string' ? found : JSON.stringify(found)])}
          />
          {name === 'xmp' ? <PacketLink id={id} /> : null}
        </Card>
      ))}
    </>
  );
}
