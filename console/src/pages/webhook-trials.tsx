import { useState } from 'react';
import { Link } from 'wouter';
import { useChange, useMay } from '../api/queries.ts';
import type { Manifest } from '../api/manifest.ts';
import type { DryRun, TestSent, Webhook } from '../api/webhooks.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Code } from '../parts/code.tsx';
import { SelectField } from '../parts/field.tsx';
import { laidOut, showDuration, textOfBase64 } from '../parts/format.ts';
import { Badge, Empty, Failure } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { AssetChoice } from './asset-choice.tsx';
import { kindText } from './change-parts.tsx';
import { Subject } from './subject.tsx';
import { outcomeOf, reasonOf } from './delivery-words.tsx';

type Both = { readonly webhook: Webhook; readonly manifest: Manifest };

export function TestSend({ webhook, manifest }: Both) {
  const may = useMay('webhooks:write');
  const subscribed = webhook.events.includes('*')
    ? manifest.events
    : manifest.events.filter(({ name }) => webhook.events.includes(name));
  const [event, setEvent] = useState(subscribed[0]?.name ?? '');
  const [assetId, setAssetId] = useState('');
  const test = useChange<TestSent>(['/v1/deliveries'], { quiet: true });
  return (
    <div className="columns">
      <Card title={words.webhook.testTitle}>
        <form
          className="stack"
          onSubmit={(submitted) => {
            submitted.preventDefault();
            test.mutate({
              method: 'POST',
              path: `/v1/webhooks/${webhook.id}/test`,
              query: { wait: 20 },
              body: { ...(event === '' ? {} : { event }), ...(assetId === '' ? {} : { assetId }) },
            });
          }}
        >
          <p className="quiet">{words.webhook.testLead}</p>
          <SelectField
            label={words.webhook.testEvent}
            value={event}
            choices={(subscribed.length > 0 ? subscribed : manifest.events).map(({ name }) => ({
              value: name,
              label: name,
            }))}
            onChange={setEvent}
          />
          <AssetChoice value={assetId} onChange={setAssetId} />
          <div>
            <Button type="submit" look="primary" busy={test.isPending} disabled={!may}>
              {words.webhook.send}
            </Button>
          </div>
        </form>
      </Card>
      {test.error === null ? null : <Failure error={test.error} />}
      {test.data === undefined ? (
        test.error === null ? (
          <Card title={words.webhook.testAnswer}>
            <Empty title={words.webhook.testNothing}>{words.webhook.testNothingLead}</Empty>
          </Card>
        ) : null
      ) : (
        <TestAnswer sent={test.data} />
      )}
    </div>
  );
}

function TestAnswer({ sent: { attempt, deliveryId, state } }: { readonly sent: TestSent }) {
  const good = state === 'delivered';
  const body = attempt?.response === undefined ? null : textOfBase64(attempt.response.bodyBase64);
  return (
    <Card
      title={
        <span className="row">
          <Badge tone={good ? 'good' : 'bad'}>
            {attempt?.response === undefined
              ? outcomeOf({ ...(attempt === null ? {} : { lastOutcome: attempt.outcome }) })
              : words.webhook.answered(attempt.response.status)}
          </Badge>
          {attempt === null ? null : (
            <span className="quiet">{words.webhook.tookMs(showDuration(attempt.timing.totalMs))}</span>
          )}
        </span>
      }
      actions={<Link href={`/deliveries/${deliveryId}`}>{words.webhook.openDelivery}</Link>}
    >
      <div className="stack tight" role="status">
        {attempt?.reason === undefined ? null : <p>{reasonOf(attempt.reason)}</p>}
        {body === null || body === '' ? null : <Code text={laidOut(body)} name={words.deliveries.response} />}
        {attempt === null ? null : (
          <p className="mono quiet" style={{ overflowWrap: 'anywhere' }}>
            {attempt.request.method} {attempt.request.url}
          </p>
        )}
      </div>
    </Card>
  );
}

export function DryRuns({ webhook }: { readonly webhook: Webhook }) {
  const run = useChange<DryRun>([], { quiet: true });
  return (
    <Card
      flush
      title={words.webhook.dryRunTitle}
      actions={
        <Button
          look="primary"
          busy={run.isPending}
          onClick={() => run.mutate({ method: 'POST', path: `/v1/webhooks/${webhook.id}/dry-run`, body: {} })}
        >
          {words.webhook.dryRun}
        </Button>
      }
    >
      <div className="stack">
        <p className="quiet card-lead">{words.webhook.dryRunLead}</p>
        {run.error === null ? null : <Failure error={run.error} />}
        {run.data === undefined ? null : (
          <>
            <p style={{ padding: '0 16px' }} role="status">
              {words.webhook.dryRunResult(run.data.matched, run.data.examined)}
            </p>
            <Table
              label={words.webhook.dryRunTitle}
              items={run.data.results}
              idOf={({ changeId }) => changeId}
              columns={[
                {
                  name: words.changes.kind,
                  cell: ({ changeId, kind }) => (
                    <Link href={`/changes/${changeId}`} title={kind}>
                      {kindText({ kind })}
                    </Link>
                  ),
                },
                { name: words.changes.subject, cell: ({ subject }) => <Subject of={subject} /> },
                { name: words.changes.when, kind: 'fit', cell: ({ acceptedAtMs }) => <Ago atMs={acceptedAtMs} /> },
                {
                  name: words.webhook.wouldTell,
                  cell: ({ matches, events, reason }) =>
                    matches ? (
                      <Badge tone="good">{events.join(', ')}</Badge>
                    ) : (
                      <span className="quiet" title={reason?.detail}>
                        {words.webhook.wouldNot}: {reason?.detail ?? ''}
                      </span>
                    ),
                },
              ]}
            />
          </>
        )}
      </div>
    </Card>
  );
}
