import { IconPlus, IconWebhook } from '@tabler/icons-react';
import { Link, useLocation } from 'wouter';
import { useDialects, useMay, useWebhooks } from '../api/queries.ts';
import { useFilters } from '../app/address.ts';
import { LinkButton } from '../parts/button.tsx';
import { Card, Page } from '../parts/card.tsx';
import { Empty, Loaded } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { SelectFilter } from '../parts/select-filter.tsx';
import { words } from '../words/words.ts';
import { manifestOf, standingOf, targetOf, useHealthColumns, WebhookBadge } from './webhook-parts.tsx';

export function Webhooks() {
  const [{ q, state, dialect }, setFilters] = useFilters(['q', 'state', 'dialect']);
  const webhooks = useWebhooks('live');
  const { data: dialects } = useDialects();
  const health = useHealthColumns();
  const mayWrite = useMay('webhooks:write');
  const [, navigate] = useLocation();
  const make = mayWrite ? (
    <LinkButton href="/webhooks/new" look="primary" icon={<IconPlus size={16} aria-hidden />}>
      {words.webhooks.make}
    </LinkButton>
  ) : null;
  return (
    <Page title={words.webhooks.title} lead={words.webhooks.lead} actions={make}>
      <div className="filters" role="search">
        <input
          className="input search"
          type="search"
          aria-label={words.webhooks.find}
          placeholder={words.webhooks.find}
          value={q}
          onChange={(event) => setFilters({ q: event.target.value })}
        />
        <SelectFilter
          label={words.common.state}
          value={state}
          any={words.webhooks.anyState}
          choices={Object.entries(words.webhooks.states)}
          onChange={(chosen) => setFilters({ state: chosen })}
        />
        <SelectFilter
          label={words.webhooks.dialect}
          value={dialect}
          any={words.webhooks.anyDialect}
          choices={(dialects ?? []).map(({ id, title }) => [id, title] as const)}
          onChange={(chosen) => setFilters({ dialect: chosen })}
        />
      </div>
      <Loaded of={webhooks} lines={8}>
        {(all) => {
          const wanted = q.toLowerCase();
          const items = all.filter(
            (webhook) =>
              (state === '' || webhook.state === state || standingOf(webhook) === state) &&
              (dialect === '' || webhook.dialect === dialect) &&
              (wanted === '' ||
                `${webhook.name} ${targetOf(webhook.target)} ${webhook.id}`.toLowerCase().includes(wanted)),
          );
          if (items.length === 0)
            return (
              <Card>
                <Empty
                  icon={<IconWebhook size={22} stroke={1.6} aria-hidden />}
                  title={all.length === 0 ? words.webhooks.empty : words.webhooks.emptyFiltered}
                  action={all.length === 0 ? make : null}
                >
                  {words.webhooks.emptyLead}
                </Empty>
              </Card>
            );
          return (
            <Card flush>
              <Table
                label={words.webhooks.title}
                items={items}
                idOf={({ id }) => id}
                onOpen={({ id }) => navigate(`/webhooks/${id}`)}
                columns={[
                  {
                    name: words.webhooks.name,
                    cell: ({ id, name, target }) => (
                      <>
                        <Link href={`/webhooks/${id}`} className="cut">
                          <strong>{name}</strong>
                        </Link>
                        <span className="cut quiet mono">{targetOf(target)}</span>
                      </>
                    ),
                  },
                  { name: words.common.state, kind: 'fit', cell: (webhook) => <WebhookBadge webhook={webhook} /> },
                  {
                    name: words.webhooks.dialect,
                    wide: true,
                    cell: (webhook) => manifestOf(dialects, webhook.dialect)?.title ?? webhook.dialect,
                  },
                  ...health,
                ]}
              />
            </Card>
          );
        }}
      </Loaded>
    </Page>
  );
}
