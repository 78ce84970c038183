import { IconBroadcast, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Link } from 'wouter';
import { ask, fetched, streamFile } from '../api/ask.ts';
import { refresh, useAsk, useChange, useList, useMay } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Facts, Page } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { TextField, WordsField } from '../parts/field.tsx';
import { showDuration } from '../parts/format.ts';
import { FormFailure } from '../parts/form-failure.tsx';
import { Badge, Empty, type Tone } from '../parts/state.tsx';
import { ListCard } from '../parts/list-card.tsx';
import { Heard } from '../parts/table.tsx';
import { Thumb } from '../parts/thumb.tsx';
import { Ago, Moment } from '../parts/time.tsx';
import { tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';

type BroadcastType = keyof typeof words.broadcasts.types;
type Broadcast = {
  readonly id: string;
  readonly state: {
    readonly type: BroadcastType;
    readonly title?: string;
    readonly author?: string;
    readonly tags?: readonly string[];
    readonly startedAtMs?: number;
    readonly endedAtMs?: number;
    readonly end?: string;
    readonly streaming?: boolean;
    readonly durationMs?: number;
    readonly widthPx?: number;
    readonly heightPx?: number;
    readonly recording?: string;
    readonly resourceUrl?: string;
    readonly preview?: { readonly assetId?: string };
  };
  readonly createdAtMs: number;
};

const tones: { readonly [type in BroadcastType]: Tone } = {
  planned: 'none',
  live: 'bad',
  archived: 'good',
  extracting: 'info',
  failed: 'warn',
};

/** Live and recorded. */
export function Broadcasts() {
  const [{ id: opened }, setFilters] = useFilters(['id']);
  const may = useMay('assets:write');
  const list = useList<Broadcast>('/v1/broadcasts', {}, { everyMs: 3_000 });
  const live = may ? <GoLive /> : null;
  const chosen = list.items?.find(({ id }) => id === opened);
  return (
    <Page title={words.broadcasts.title} lead={words.broadcasts.lead} actions={live}>
      <ListCard
        list={list}
        empty={
          <Empty icon={<IconBroadcast size={22} stroke={1.6} aria-hidden />} title={words.broadcasts.empty}>
            {words.broadcasts.emptyLead}
          </Empty>
        }
        label={words.broadcasts.title}
        idOf={({ id }) => id}
        onOpen={({ id }) => setFilters({ id })}
        columns={[
          {
            name: <Heard>{words.asset.preview}</Heard>,
            kind: 'fit',
            cell: ({ state }) => <Picture id={state.preview?.assetId ?? state.recording} />,
          },
          {
            name: words.broadcasts.name,
            cell: ({ id, state }) => (
              <Link href={`/broadcasts?id=${id}`} className="cut">
                {state.title ?? id}
              </Link>
            ),
          },
          {
            name: words.common.state,
            kind: 'fit',
            cell: ({ state }) => <Badge tone={tones[state.type]}>{words.broadcasts.types[state.type]}</Badge>,
          },
          { name: words.broadcasts.author, wide: true, cell: ({ state }) => state.author ?? '' },
          {
            name: words.broadcasts.duration,
            kind: 'number',
            wide: true,
            cell: ({ state }) => (state.durationMs === undefined ? '' : showDuration(state.durationMs)),
          },
          {
            name: words.broadcasts.started,
            kind: 'fit',
            cell: ({ state, createdAtMs }) => <Ago atMs={state.startedAtMs ?? createdAtMs} />,
          },
        ]}
      />
      {chosen === undefined ? null : <Opened broadcast={chosen} onClose={() => setFilters({ id: '' })} />}
    </Page>
  );
}

function Picture({ id }: { readonly id: string | undefined }) {
  const { data: asset } = useAsk<Asset>(id === undefined ? null : `/v1/assets/${id}`);
  return <Thumb asset={asset} />;
}

/** Streams a film: while its bytes go up the broadcast is live. */
function GoLive() {
  const input = useRef<HTMLInputElement>(null);
  const [share, setShare] = useState<number | null>(null);
  const client = useQueryClient();
  const send = async (file: File) => {
    const made = await ask<Broadcast>('POST', '/v1/broadcasts', { body: { title: file.name } });
    setShare(0);
    await streamFile(`/v1/broadcasts/${made.id}/stream?name=${encodeURIComponent(file.name)}`, file, setShare);
  };
  return (
    <>
      {share === null ? null : (
        <span className="row" role="status">
          <Badge tone="bad">{words.broadcasts.sending}</Badge>
          <span className="progress" style={{ width: 120 }}>
            <span style={{ width: `${share * 100}%` }} />
          </span>
        </span>
      )}
      <Button
        look="primary"
        busy={share !== null}
        icon={<IconBroadcast size={16} aria-hidden />}
        onClick={() => input.current?.click()}
      >
        {words.broadcasts.goLive}
      </Button>
      <input
        ref={input}
        type="file"
        accept="video/*"
        hidden
        aria-label={words.broadcasts.goLive}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = '';
          if (file === undefined) return;
          send(file)
            .catch(tellProblem)
            .finally(() => {
              setShare(null);
              void refresh(client, '/v1/broadcasts');
            });
        }}
      />
    </>
  );
}

function Opened({
  broadcast: { id, state },
  onClose,
}: {
  readonly broadcast: Broadcast;
  readonly onClose: () => void;
}) {
  const may = useMay('assets:write');
  const [title, setTitle] = useState(state.title ?? '');
  const [tags, setTags] = useState<readonly string[]>(state.tags ?? []);
  const [removing, setRemoving] = useState(false);
  const path = `/v1/broadcasts/${id}`;
  const save = useChange(['/v1/broadcasts', '/v1/changes'], { quiet: true, onDone: onClose });
  const remove = useChange(['/v1/broadcasts', '/v1/assets'], { onDone: onClose });
  if (removing)
    return (
      <Confirm
        title={words.broadcasts.removeTitle}
        action={words.common.remove}
        {...(state.title === undefined ? {} : { typed: state.title })}
        busy={remove.isPending}
        onClose={() => setRemoving(false)}
        onConfirm={() => remove.mutate({ method: 'DELETE', path })}
      >
        <p>{words.broadcasts.removeLead}</p>
      </Confirm>
    );
  return (
    <Dialog
      wide
      title={state.title ?? id}
      onClose={onClose}
      onSubmit={() => save.mutate({ method: 'PATCH', path, body: { title, tags } })}
      footer={
        may ? (
          <>
            <Button look="danger" icon={<IconTrash size={16} aria-hidden />} onClick={() => setRemoving(true)}>
              {words.common.remove}
            </Button>
            <Button type="submit" look="primary" busy={save.isPending}>
              {words.broadcasts.save}
            </Button>
          </>
        ) : null
      }
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      {state.recording === undefined ? null : (
        <div className="stage">
          <video controls preload="metadata" src={fetched(`${path}/content`)} />
        </div>
      )}
      <Facts
        of={[
          [
            words.common.state,
            <Badge key="state" tone={tones[state.type]}>
              {words.broadcasts.types[state.type]}
            </Badge>,
          ],
          [words.broadcasts.author, state.author],
          [words.broadcasts.duration, state.durationMs === undefined ? undefined : showDuration(state.durationMs)],
          [
            words.broadcasts.size,
            state.widthPx === undefined || state.heightPx === undefined
              ? undefined
              : `${state.widthPx} × ${state.heightPx} px`,
          ],
          [
            words.broadcasts.started,
            state.startedAtMs === undefined ? undefined : <Moment key="s" atMs={state.startedAtMs} />,
          ],
          [
            words.broadcasts.ended,
            state.endedAtMs === undefined ? undefined : (
              <span key="e">
                <Moment atMs={state.endedAtMs} /> {words.broadcasts.ends[state.end ?? ''] ?? ''}
              </span>
            ),
          ],
          [
            words.broadcasts.recording,
            state.recording === undefined ? undefined : (
              <Link key="r" href={`/assets/${state.recording}`} className="mono">
                {state.recording}
              </Link>
            ),
          ],
          [
            words.common.id,
            <span key="id" className="mono">
              {id}
            </span>,
          ],
        ]}
      />
      <TextField label={words.broadcasts.name} value={title} onChange={setTitle} />
      <WordsField label={words.broadcasts.tags} values={tags} onChange={setTags} />
    </Dialog>
  );
}
