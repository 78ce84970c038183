import { useState } from 'react';
import { useChange, useList, useMay } from '../api/queries.ts';
import { Button, CopyButton } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { Badge, Empty, Failure, Loading } from '../parts/state.tsx';
import { Moment } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { PartHead } from './settings-parts.tsx';

type SigningKey = {
  readonly id: string;
  readonly name: string;
  readonly dialect: string;
  readonly algorithm: string;
  readonly state: 'present' | 'former';
  readonly certificateUrl: string;
  readonly certificate: string;
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly keptUntilMs: number | null;
};

/** Keys that messages are signed with, and their certificates. */
export function SigningKeys() {
  const list = useList<SigningKey>('/v1/signing-keys');
  const may = useMay('settings:write');
  const [open, setOpen] = useState<{ readonly what: 'rotate' | 'withdraw'; readonly key: SigningKey } | null>(null);
  const rotate = useChange(['/v1/signing-keys'], {
    onDone: () => {
      tell(words.signingKeys.rotated);
      setOpen(null);
    },
  });
  const withdraw = useChange(['/v1/signing-keys'], { onDone: () => setOpen(null) });
  return (
    <>
      <PartHead lead={words.signingKeys.lead} />
      {list.error === null ? null : <Failure error={list.error} />}
      {list.items === undefined && list.error === null ? <Loading /> : null}
      {list.items?.length === 0 ? (
        <Card>
          <Empty title={words.signingKeys.noneTitle}>{words.signingKeys.none}</Empty>
        </Card>
      ) : null}
      {(list.items ?? []).map((key) => (
        <Card
          key={key.id}
          title={
            <span className="row">
              {key.name} <Badge tone={key.state === 'present' ? 'good' : 'none'}>{words.signingKeys[key.state]}</Badge>
            </span>
          }
          actions={
            may ? (
              <Button
                small
                look={key.state === 'present' ? 'plain' : 'danger'}
                onClick={() => setOpen({ what: key.state === 'present' ? 'rotate' : 'withdraw', key })}
              >
                {key.state === 'present' ? words.signingKeys.rotate : words.signingKeys.withdraw}
              </Button>
            ) : null
          }
        >
          <Facts
            of={[
              [
                words.signingKeys.certificate,
                <span key="url" className="row" style={{ flexWrap: 'nowrap' }}>
                  <a href={key.certificateUrl} className="mono">
                    {key.certificateUrl}
                  </a>
                  <CopyButton text={key.certificate} label={words.signingKeys.certificate} />
                </span>,
              ],
              [
                words.signingKeys.fingerprint,
                <span key="print" className="mono">
                  {key.fingerprint}
                </span>,
              ],
              [words.common.created, <Moment key="created" atMs={key.createdAtMs} />],
              [words.settings.expires, <Moment key="expires" atMs={key.expiresAtMs} />],
              [
                words.signingKeys.kept,
                key.keptUntilMs === null ? undefined : <Moment key="kept" atMs={key.keptUntilMs} />,
              ],
            ]}
          />
        </Card>
      ))}
      {open === null ? null : (
        <Confirm
          title={open.what === 'rotate' ? words.signingKeys.rotateTitle : words.signingKeys.withdraw}
          action={open.what === 'rotate' ? words.signingKeys.rotate : words.signingKeys.withdraw}
          danger={open.what === 'withdraw'}
          busy={rotate.isPending || withdraw.isPending}
          onClose={() => setOpen(null)}
          onConfirm={() =>
            open.what === 'rotate'
              ? rotate.mutate({ method: 'POST', path: '/v1/signing-keys', body: { name: open.key.name } })
              : withdraw.mutate({ method: 'DELETE', path: `/v1/signing-keys/${open.key.id}` })
          }
        >
          <p>{open.what === 'rotate' ? words.signingKeys.rotateLead : words.signingKeys.withdrawLead}</p>
        </Confirm>
      )}
    </>
  );
}
