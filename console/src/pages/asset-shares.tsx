import { useState } from 'react';
import { useChange, useList, useMay } from '../api/queries.ts';
import type { Asset, ShareLink } from '../api/assets.ts';
import { Button, CopyButton } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Failure, Loading, Notice } from '../parts/state.tsx';
import { Moment } from '../parts/time.tsx';
import { words } from '../words/words.ts';

/** A link to these assets, made and shown. */
export function ShareForm({ assets }: { readonly assets: readonly string[] }) {
  const [password, setPassword] = useState('');
  const [until, setUntil] = useState('');
  const make = useChange<ShareLink>(['/v1/share-links'], {
    quiet: true,
    onDone: () => {
      setPassword('');
      setUntil('');
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate({
          method: 'POST',
          path: '/v1/share-links',
          body: {
            assets,
            ...(password === '' ? {} : { password }),
            ...(until === '' ? {} : { expiresAtMs: new Date(until).getTime() }),
          },
        });
      }}
    >
      <p className="quiet">{words.asset.shareLead}</p>
      {make.error === null ? null : <FormFailure error={make.error} />}
      <div className="columns pair">
        <TextField label={words.asset.sharePassword} type="password" value={password} onChange={setPassword} />
        <TextField label={words.asset.shareUntil} type="datetime-local" value={until} onChange={setUntil} />
      </div>
      <div>
        <Button type="submit" look="primary" busy={make.isPending}>
          {words.asset.shareMake}
        </Button>
      </div>
      {make.data === undefined ? null : (
        <Notice tone="good" action={<CopyButton text={make.data.url} />}>
          <strong role="status">{words.asset.shareMade}</strong>
          <p className="mono wrap">{make.data.url}</p>
        </Notice>
      )}
    </form>
  );
}

export function Shares({ asset: { id } }: { readonly asset: Asset }) {
  const may = useMay('assets:write');
  const links = useList<ShareLink>('/v1/share-links', { asset: id });
  const revoke = useChange(['/v1/share-links']);
  return (
    <>
      {may ? (
        <Card title={words.asset.share}>
          <ShareForm assets={[id]} />
        </Card>
      ) : null}
      <Card title={words.asset.shares}>
        {links.error === null ? null : <Failure error={links.error} />}
        {links.items === undefined ? <Loading lines={2} /> : null}
        {links.items?.length === 0 ? <p className="quiet">{words.asset.shareNone}</p> : null}
        <ul className="stack">
          {(links.items ?? []).map((link) => (
            <li key={link.id} className="row between">
              <span className="grow">
                <a href={link.url} target="_blank" rel="noreferrer" className="cut" style={{ display: 'block' }}>
                  {link.name}
                </a>
                {link.expiresAtMs === null ? null : (
                  <span className="quiet">
                    {words.asset.shareEnds} <Moment atMs={link.expiresAtMs} />
                  </span>
                )}
              </span>
              <CopyButton text={link.url} />
              {may ? (
                <Button
                  small
                  look="danger"
                  onClick={() => revoke.mutate({ method: 'DELETE', path: `/v1/share-links/${link.id}` })}
                >
                  {words.asset.shareRevoke}
                </Button>
              ) : null}
            </li>
          ))}
        </ul>
      </Card>
    </>
  );
}
