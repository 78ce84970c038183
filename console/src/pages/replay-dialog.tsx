import { useEffect, useState } from 'react';
import { ask } from '../api/ask.ts';
import { useChange } from '../api/queries.ts';
import type { Replay } from '../api/deliveries.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { CheckField, TextField } from '../parts/field.tsx';
import { Failure, Notice } from '../parts/state.tsx';
import { tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { type DeliveryFilters, spanOf } from './delivery-filters.ts';

const ended = ['dead', 'rejected', 'cancelled', 'delivered'] as const;
const dayMs = 86_400_000;

/** Sends ended deliveries again: the count first, then the progress, and a way to stop it. */
export function ReplayDialog({
  filters,
  onClose,
}: {
  readonly filters: DeliveryFilters;
  readonly onClose: () => void;
}) {
  const [states, setStates] = useState<readonly string[]>(() => {
    const filtered = filters.states.split(',').filter((state) => ended.some((known) => known === state));
    return filtered.length > 0 ? filtered : ['dead'];
  });
  const [asked] = useState(() => spanOf(filters, Date.now()));
  const [fromMs, setFromMs] = useState(() => asked.fromMs ?? Date.now() - dayMs);
  const [toMs, setToMs] = useState(() => asked.toMs ?? Date.now());
  const [replay, setReplay] = useState<Replay | null>(null);
  const change = useChange<Replay>(['/v1/deliveries', '/v1/replays'], { quiet: true, onDone: setReplay });
  const input = {
    states,
    fromMs,
    toMs,
    ...(filters.webhookId === '' ? {} : { webhookId: filters.webhookId }),
    ...(filters.event === '' ? {} : { event: filters.event }),
    ...(filters.status === '' ? {} : { status: Number(filters.status) }),
    ...(filters.outcomes === '' ? {} : { outcomes: filters.outcomes.split(',') }),
    ...(filters.subject === '' ? {} : { subject: filters.subject }),
  };
  const running = replay !== null && replay.state === 'running';
  useEffect(() => {
    if (!running || replay.id === null) return undefined;
    const timer = window.setInterval(() => {
      ask<Replay>('GET', `/v1/replays/${replay.id}`).then(setReplay, tellProblem);
    }, 700);
    return () => window.clearInterval(timer);
  }, [running, replay?.id]);
  const begin = (dryRun: boolean) =>
    change.mutate({ method: 'POST', path: '/v1/replays', body: { ...input, ...(dryRun ? { dryRun } : {}) } });
  const begun = replay !== null && replay.state !== 'estimated';
  // More than is shown must never be sent: what a replay cannot go by stops it.
  const refused =
    filters.changeId !== ''
      ? words.deliveries.notByChange
      : filters.dialect !== '' && filters.webhookId === ''
        ? words.deliveries.notByDialect
        : null;
  return (
    <Dialog
      title={words.deliveries.replayTitle}
      onClose={onClose}
      footer={
        begun ? (
          <>
            {running ? (
              <Button
                look="danger"
                onClick={() => change.mutate({ method: 'DELETE', path: `/v1/replays/${replay.id}` })}
              >
                {words.deliveries.replayCancel}
              </Button>
            ) : null}
            <Button look="primary" onClick={onClose}>
              {running ? words.deliveries.replayLeave : words.common.done}
            </Button>
          </>
        ) : (
          <>
            <Button busy={change.isPending} disabled={refused !== null} onClick={() => begin(true)}>
              {words.deliveries.estimate}
            </Button>
            <Button
              look="primary"
              disabled={replay === null || replay.count === 0}
              busy={change.isPending}
              onClick={() => begin(false)}
            >
              {words.deliveries.replayStart}
            </Button>
          </>
        )
      }
    >
      <p className="quiet">{words.deliveries.replayLead}</p>
      {refused === null ? null : <Notice tone="warn">{refused}</Notice>}
      {change.error === null ? null : <Failure error={change.error} />}
      {begun ? (
        <Progress replay={replay} />
      ) : (
        <>
          <fieldset className="field">
            <legend>{words.deliveries.replayStates}</legend>
            <div className="row" style={{ gap: 16 }}>
              {ended.map((state) => (
                <CheckField
                  key={state}
                  label={words.deliveries.states[state]}
                  checked={states.includes(state)}
                  onChange={(on) => {
                    setReplay(null);
                    setStates(on ? [...states, state] : states.filter((kept) => kept !== state));
                  }}
                />
              ))}
            </div>
          </fieldset>
          <div className="columns">
            <TextField
              label={words.deliveries.replayFrom}
              type="datetime-local"
              value={localMinute(fromMs)}
              onChange={(value) => {
                setReplay(null);
                setFromMs(new Date(value).getTime());
              }}
            />
            <TextField
              label={words.deliveries.replayTo}
              type="datetime-local"
              value={localMinute(toMs)}
              onChange={(value) => {
                setReplay(null);
                setToMs(new Date(value).getTime());
              }}
            />
          </div>
          {replay === null ? null : (
            <div role="status" className="stack tight">
              <p>{words.deliveries.estimated(replay.count, replay.exact)}</p>
              {replay.tests === undefined || replay.tests === 0 ? null : (
                <Notice tone="info">{words.deliveries.testsLeftOut(replay.tests)}</Notice>
              )}
              {replay.count === 0 && (replay.tests ?? 0) === 0 ? (
                <p className="quiet">{words.deliveries.nothingToReplay}</p>
              ) : null}
            </div>
          )}
        </>
      )}
    </Dialog>
  );
}

function Progress({ replay }: { readonly replay: Replay }) {
  const share = replay.count === 0 ? 1 : replay.done / replay.count;
  return (
    <div className="stack tight" role="status">
      <div className="progress">
        <span style={{ width: `${Math.min(100, share * 100)}%` }} />
      </div>
      <p>
        {replay.state === 'running'
          ? words.deliveries.replaying(replay.done, replay.count)
          : replay.state === 'cancelled'
            ? words.deliveries.replayStopped(replay.made)
            : words.deliveries.replayDone(replay.made)}
      </p>
      {replay.state === 'done' && replay.exact && replay.made < replay.count ? (
        <p className="quiet">{words.deliveries.replayLess(replay.count - replay.made)}</p>
      ) : null}
    </div>
  );
}

/** `2026-11-22T14:03`, in local time, as the browser's own field takes it. */
export function localMinute(atMs: number): string {
  if (!Number.isFinite(atMs)) return '';
  const date = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}
