import { lazy, Suspense, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { useDialects, useMay, useWebhooks } from '../api/queries.ts';
import type { Webhook } from '../api/webhooks.ts';
import { useFilters } from '../app/address.ts';
import { LinkButton } from '../parts/button.tsx';
import { Card, Page } from '../parts/card.tsx';
import { Failure, Loading } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { words } from '../words/words.ts';
import { Attention } from './overview-attention.tsx';
import { Latest } from './overview-latest.tsx';
import { Numbers, ranges } from './overview-numbers.tsx';
import { manifestOf, useHealthColumns, WebhookBadge } from './webhook-parts.tsx';

const FirstSteps = lazy(() => import('./first-steps.tsx').then(({ FirstSteps: Steps }) => ({ default: Steps })));

/** How deliveries go, and what needs a look; before the first webhook, how to get there. */
export function Overview() {
  const may = useMay('deliveries:read');
  const mayLatest = useMay('assets:read');
  const mayHealth = useMay('webhooks:read');
  const mayMake = useMay('webhooks:write');
  const [{ range }, setFilters] = useFilters(['range']);
  const chosen = ranges[range] === undefined ? '1h' : range;
  const webhooks = useWebhooks('live');
  const isFirst = useRef(false);
  // Whoever began the first steps here goes on with them here: the webhook of the second one must not end them.
  isFirst.current ||= webhooks.data?.length === 0;
  if (isFirst.current) return <FirstRun />;
  return (
    <Page
      title={words.overview.title}
      lead={words.overview.lead}
      actions={
        <div className="segments" role="group" aria-label={words.overview.range}>
          {Object.keys(ranges).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === chosen}
              onClick={() => setFilters({ range: name === '1h' ? '' : name })}
            >
              {words.overview.ranges[name]}
            </button>
          ))}
        </div>
      }
    >
      <Attention webhooks={webhooks.data} />
      {may ? <Numbers range={chosen} /> : null}
      <div className={mayLatest ? 'overview-lists' : 'stack'}>
        {mayHealth ? (
          <Card
            title={words.overview.health}
            flush
            actions={
              mayMake ? (
                <LinkButton small href="/webhooks/new">
                  {words.webhooks.make}
                </LinkButton>
              ) : null
            }
          >
            {webhooks.error === null ? null : <Failure error={webhooks.error} />}
            {webhooks.data === undefined ? (
              <div style={{ padding: 16 }}>
                <Loading />
              </div>
            ) : (
              <Health webhooks={webhooks.data} />
            )}
          </Card>
        ) : null}
        {mayLatest ? <Latest /> : null}
      </div>
    </Page>
  );
}

function FirstRun() {
  return (
    <Page title={words.start.welcome} name={words.overview.title} lead={words.start.lead}>
      <Suspense fallback={<Loading lines={8} />}>
        <FirstSteps />
      </Suspense>
    </Page>
  );
}

function Health({ webhooks }: { readonly webhooks: readonly Webhook[] }) {
  const health = useHealthColumns();
  const { data: dialects } = useDialects();
  const [, navigate] = useLocation();
  return (
    <Table
      label={words.overview.health}
      items={webhooks}
      idOf={({ id }) => id}
      onOpen={({ id }) => navigate(`/webhooks/${id}`)}
      columns={[
        {
          name: words.webhooks.name,
          cell: ({ id, name, dialect }) => (
            <>
              <Link href={`/webhooks/${id}`} className="cut">
                <span dir="auto">{name}</span>
              </Link>
              <span className="cut quiet">{manifestOf(dialects, dialect)?.title ?? dialect}</span>
            </>
          ),
        },
        { name: words.common.state, kind: 'fit', cell: (webhook) => <WebhookBadge webhook={webhook} /> },
        ...health,
      ]}
    />
  );
}
