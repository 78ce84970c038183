import { useState } from 'react';
import { useAsk, useChange, useList, useMay } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { TextField } from '../parts/field.tsx';
import { Badge, Failure, Loading } from '../parts/state.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { assetPaths } from './asset-paths.ts';

type Comment = {
  readonly id: string | null;
  readonly kind: 'comment' | 'annotation';
  readonly text: string;
  readonly by?: string;
  readonly byName?: string;
  readonly createdAtMs?: number;
  readonly resolved: boolean;
};
type Approval = {
  readonly status: string | null;
  readonly byName?: string;
  readonly by?: string;
  readonly atMs?: number;
};

/** What people say of an asset, and whether it is approved. */
export function Talk({ asset: { id } }: { readonly asset: Asset }) {
  const may = useMay('assets:write');
  const path = `/v1/assets/${id}/comments`;
  const list = useList<Comment>(path);
  const [text, setText] = useState('');
  const send = useChange(assetPaths(id), { quiet: true, onDone: () => setText('') });
  const change = useChange(assetPaths(id));
  return (
    <>
      <ApprovalCard id={id} />
      <Card title={words.talk.tab}>
        <div className="stack">
          {list.error === null ? null : <Failure error={list.error} />}
          {list.items === undefined && list.error === null ? <Loading lines={2} /> : null}
          {list.items?.length === 0 ? <p className="quiet">{words.talk.none}</p> : null}
          <ol className="timeline">
            {(list.items ?? []).map((comment, at) => (
              <li key={comment.id ?? at} data-tone={comment.resolved ? 'good' : undefined}>
                <div className="row between">
                  <span>
                    <strong>{comment.byName ?? comment.by ?? ''}</strong>{' '}
                    <span className="quiet">
                      {comment.createdAtMs === undefined ? null : <Ago atMs={comment.createdAtMs} />}{' '}
                      {comment.kind === 'annotation' ? words.talk.annotation : ''}
                    </span>
                  </span>
                  {may && comment.id !== null ? (
                    <Button
                      small
                      look="plain"
                      onClick={() =>
                        change.mutate({
                          method: 'PATCH',
                          path: `${path}/${comment.id ?? ''}`,
                          body: { resolved: !comment.resolved },
                        })
                      }
                    >
                      {comment.resolved ? words.talk.reopen : words.talk.resolve}
                    </Button>
                  ) : null}
                </div>
                <p style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{comment.text}</p>
              </li>
            ))}
          </ol>
          {may ? (
            <form
              className="stack tight"
              onSubmit={(event) => {
                event.preventDefault();
                send.mutate({ method: 'POST', path, body: { text } });
              }}
            >
              {send.error === null ? null : <Failure error={send.error} />}
              <TextField label={words.talk.write} lines={2} value={text} onChange={setText} />
              <div>
                <Button type="submit" look="primary" busy={send.isPending} disabled={text.trim() === ''}>
                  {words.talk.send}
                </Button>
              </div>
            </form>
          ) : null}
        </div>
      </Card>
    </>
  );
}

function ApprovalCard({ id }: { readonly id: string }) {
  const may = useMay('assets:write');
  const path = `/v1/assets/${id}/approval`;
  const approval = useAsk<Approval>(path);
  const change = useChange([...assetPaths(id), path]);
  const decided = approval.data?.status ?? undefined;
  const who = approval.data?.byName ?? approval.data?.by;
  return (
    <Card title={words.talk.approval}>
      <div className="row between">
        {decided === undefined ? (
          <span className="quiet">{words.talk.undecided}</span>
        ) : (
          <span className="row">
            <Badge tone={decided === 'approved' ? 'good' : decided === 'rejected' ? 'bad' : 'info'}>
              {words.talk.approvals[decided] ?? decided}
            </Badge>
            <span className="quiet">
              {who === undefined ? '' : words.talk.by(who)}{' '}
              {approval.data?.atMs === undefined ? null : <Ago atMs={approval.data.atMs} />}
            </span>
          </span>
        )}
        {may ? (
          <span className="row">
            <Button small onClick={() => change.mutate({ method: 'PUT', path, body: { status: 'approved' } })}>
              {words.talk.approve}
            </Button>
            <Button
              small
              look="danger"
              onClick={() => change.mutate({ method: 'PUT', path, body: { status: 'rejected' } })}
            >
              {words.talk.reject}
            </Button>
            {decided === undefined ? null : (
              <Button small look="plain" onClick={() => change.mutate({ method: 'DELETE', path })}>
                {words.talk.takeBack}
              </Button>
            )}
          </span>
        ) : null}
      </div>
    </Card>
  );
}
