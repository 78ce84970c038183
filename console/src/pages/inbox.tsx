import { IconMailbox, IconTrash } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { Problem } from '../api/ask.ts';
import { useAsk, useChange, useList, useMay } from '../api/queries.ts';
import { useLive } from '../api/live.ts';
import type { Inbox, InboxRequest } from '../api/inboxes.ts';
import { Button, CopyButton } from '../parts/button.tsx';
import { Card, Facts, Page } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { Difference } from '../parts/difference.tsx';
import { problemAt, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { laidOut, showBytes, showDuration, textOfBase64 } from '../parts/format.ts';
import { lineDifference } from '../parts/line-difference.ts';
import { LiveButtons, LiveState } from '../parts/live-bar.tsx';
import { Badge, Empty, Failure, Loaded, Loading } from '../parts/state.tsx';
import { Ago } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { eventOf, RequestInside, verificationTones } from './inbox-parts.tsx';
import { isMissing, Missing } from './missing.tsx';

/** One inbox: what arrives, live, and how it answers. */
export function InboxPage({ id }: { readonly id: string }) {
  const inbox = useAsk<Inbox>(`/v1/inboxes/${encodeURIComponent(id)}`);
  const may = useMay('webhooks:write');
  const [removing, setRemoving] = useState(false);
  const [, navigate] = useLocation();
  const remove = useChange(['/v1/inboxes'], { onDone: () => navigate('/inboxes') });
  if (isMissing(inbox)) return <Missing what="inbox" id={id} />;
  return (
    <Page
      title={words.inboxes.title}
      back={{ href: '/inboxes', label: words.inboxes.title }}
      actions={
        may ? (
          <Button look="danger" icon={<IconTrash size={16} aria-hidden />} onClick={() => setRemoving(true)}>
            {words.inboxes.remove}
          </Button>
        ) : null
      }
    >
      <Loaded of={inbox}>
        {(data) => (
          <div className="split inbox">
            <div className="stack">
              <Card>
                <Facts
                  of={[
                    [words.inboxes.url, <Address key="url" url={data.url} />],
                    [words.inboxes.tlsUrl, <Address key="tls" url={data.tlsUrl} />],
                    [words.inboxes.expires, <Ago key="expires" atMs={data.expiresAtMs} />],
                  ]}
                />
              </Card>
              <AnswerForm key={JSON.stringify(data.answer)} inbox={data} />
            </div>
            <Requests id={id} />
          </div>
        )}
      </Loaded>
      {removing ? (
        <Confirm
          title={words.inboxes.remove}
          action={words.common.delete}
          busy={remove.isPending}
          onClose={() => setRemoving(false)}
          onConfirm={() => remove.mutate({ method: 'DELETE', path: `/v1/inboxes/${id}` })}
        >
          <p>{words.inboxes.removeLead}</p>
        </Confirm>
      ) : null}
    </Page>
  );
}

function Address({ url }: { readonly url: string }) {
  return (
    <span className="row" style={{ flexWrap: 'nowrap' }}>
      <span className="mono">{url}</span>
      <CopyButton text={url} />
    </span>
  );
}

function AnswerForm({ inbox }: { readonly inbox: Inbox }) {
  const may = useMay('webhooks:write');
  const [status, setStatus] = useState(String(inbox.answer.status));
  const [delay, setDelay] = useState(String(inbox.answer.delayMs));
  const [body, setBody] = useState(inbox.answer.body);
  const save = useChange([`/v1/inboxes/${inbox.id}`], { quiet: true, onDone: () => tell(words.common.saved) });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  return (
    <Card title={words.inboxes.answer}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({
            method: 'PATCH',
            path: `/v1/inboxes/${inbox.id}`,
            body: { status: Number(status), delayMs: Number(delay), body },
          });
        }}
      >
        <p className="quiet">{words.inboxes.answerLead}</p>
        {save.error === null ? null : <FormFailure error={save.error} />}
        <div className="columns">
          <TextField
            label={words.inboxes.status}
            problem={problemAt(problems, '/status')}
            type="number"
            value={status}
            onChange={setStatus}
          />
          <TextField
            label={words.inboxes.delay}
            problem={problemAt(problems, '/delayMs')}
            type="number"
            value={delay}
            onChange={setDelay}
          />
        </div>
        <TextField
          label={words.inboxes.body}
          problem={problemAt(problems, '/body')}
          lines={3}
          mono
          value={body}
          onChange={setBody}
        />
        <div>
          <Button type="submit" look="primary" busy={save.isPending} disabled={!may}>
            {words.common.save}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function Requests({ id }: { readonly id: string }) {
  const list = useList<InboxRequest>(`/v1/inboxes/${id}/requests`);
  const [open, setOpen] = useState<string | null>(null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [comparing, setComparing] = useState(false);
  const live = useLive<InboxRequest>({ path: `/v1/inboxes/${id}/stream`, event: 'request' }, list.items);
  const { items } = live;
  const pair = chosen.flatMap((wanted) => items.find((request) => request.id === wanted) ?? []);
  if (list.error !== null) return <Failure error={list.error} />;
  return (
    <div ref={live.frame} className="live-frame">
      <Card
        flush
        title={
          <span className="row">
            {words.inboxes.requests}
            <LiveState of={live} />
          </span>
        }
        actions={
          <>
            <LiveButtons of={live} />
            <Button
              small
              disabled={pair.length !== 2}
              title={words.inboxes.compareLead}
              onClick={() => setComparing(true)}
            >
              {words.inboxes.compare}
            </Button>
          </>
        }
      >
        {list.items === undefined ? (
          <div style={{ padding: 16 }}>
            <Loading />
          </div>
        ) : null}
        {list.items !== undefined && items.length === 0 ? (
          <Empty icon={<IconMailbox size={22} stroke={1.6} aria-hidden />} title={words.inboxes.requestsEmpty}>
            {words.inboxes.requestsEmptyLead}
          </Empty>
        ) : null}
        <ul className="requests">
          {items.map((request) => (
            <li key={request.id} className={list.items?.includes(request) === true ? undefined : 'arriving'}>
              <div className="row" style={{ flexWrap: 'nowrap', paddingLeft: 16 }}>
                <input
                  type="checkbox"
                  aria-label={`${words.inboxes.compare}: ${eventOf(request)}`}
                  checked={chosen.includes(request.id)}
                  onChange={(event) =>
                    setChosen(
                      event.target.checked
                        ? [...chosen.slice(-1), request.id]
                        : chosen.filter((kept) => kept !== request.id),
                    )
                  }
                />
                <button
                  type="button"
                  className="line"
                  style={{ paddingLeft: 4 }}
                  aria-expanded={open === request.id}
                  onClick={() => setOpen(open === request.id ? null : request.id)}
                >
                  <Badge tone={verificationTones[request.verification.result]}>
                    {words.inboxes.verification[request.verification.result]}
                  </Badge>
                  <span className="cut grow">{eventOf(request)}</span>
                  <span className="quiet number nowrap wide-only">{showBytes(request.bodyBytes)}</span>
                  <span className="quiet nowrap">
                    <Ago atMs={request.atMs} />
                  </span>
                </button>
              </div>
              {open === request.id ? <RequestInside request={request} /> : null}
            </li>
          ))}
        </ul>
        {list.hasNextPage ? (
          <div className="actions" style={{ padding: 12, justifyContent: 'center' }}>
            <Button small busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {words.common.more}
            </Button>
          </div>
        ) : null}
        {comparing && pair.length === 2 ? <Compare pair={pair} onClose={() => setComparing(false)} /> : null}
      </Card>
    </div>
  );
}

/** Two requests side by side: headers that differ, bodies line by line. */
function Compare({ pair, onClose }: { readonly pair: readonly InboxRequest[]; readonly onClose: () => void }) {
  const [first, second] = pair.toSorted((one, other) => one.atMs - other.atMs);
  if (first === undefined || second === undefined) return null;
  const headers = headersOf(first, second);
  return (
    <Dialog wide title={words.inboxes.comparing} onClose={onClose}>
      <p className="quiet">
        {eventOf(first)} · {eventOf(second)} · {showDuration(Math.max(1, second.atMs - first.atMs))}
      </p>
      <h3>{words.inboxes.headers}</h3>
      {headers.changed.length === 0 ? (
        <p className="quiet">{words.inboxes.sameHeaders}</p>
      ) : (
        <Difference {...headers} />
      )}
      <h3>{words.deliveries.body}</h3>
      {first.bodyBase64 === second.bodyBase64 ? (
        <p className="quiet">{words.inboxes.same}</p>
      ) : (
        <Bodies one={bodyOf(first)} other={bodyOf(second)} />
      )}
    </Dialog>
  );
}

/** Both bodies, JSON laid out, with the lines marked that only one of them has. */
function Bodies({ one, other }: { readonly one: string; readonly other: string }) {
  const pairs = useMemo(() => lineDifference(one, other), [one, other]);
  return (
    <div className="lines" tabIndex={0} role="region" aria-label={words.inboxes.comparing}>
      {pairs.slice(0, linesMax).map((pair, at) => (
        <div key={at}>
          <span data-is={pair.same ? 'same' : pair.one === undefined ? 'none' : 'gone'}>{pair.one}</span>
          <span data-is={pair.same ? 'same' : pair.other === undefined ? 'none' : 'came'}>{pair.other}</span>
        </div>
      ))}
    </div>
  );
}

/** More are not read line by line, and every one is an element of the page. */
const linesMax = 4_000;

function bodyOf({ bodyBase64 }: InboxRequest): string {
  const text = textOfBase64(bodyBase64);
  return text === null ? words.deliveries.binary : laidOut(text);
}

/** Headers as two states; one that came several times has all its values. */
function headersOf(first: InboxRequest, second: InboxRequest) {
  const gather = ({ headers }: InboxRequest) => {
    const values = new Map<string, string>();
    for (const [name, value] of headers) {
      const known = values.get(name);
      values.set(name, known === undefined ? value : `${known}, ${value}`);
    }
    return Object.fromEntries(values);
  };
  const [before, after] = [gather(first), gather(second)];
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => before[name] !== after[name],
  );
  return { before, after, changed };
}
