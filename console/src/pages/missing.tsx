import { IconFileUnknown } from '@tabler/icons-react';
import { Problem } from '../api/ask.ts';
import { LinkButton } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { Empty } from '../parts/state.tsx';
import { words } from '../words/words.ts';

type What = keyof typeof words.missing.of;

/** Where all of a kind stand, and where else a thing may be that is not there any more. */
const places: { readonly [what in What]: { readonly all: string; readonly else?: string } } = {
  asset: { all: '/assets', else: '/assets/trash' },
  webhook: { all: '/webhooks', else: '/settings/audit?action=webhook.removed' },
  delivery: { all: '/deliveries', else: '/deliveries?since=3600000' },
  change: { all: '/changes' },
  inbox: { all: '/inboxes' },
};

/** Whether what was asked for is not there, or not any more. */
export function isMissing({ data, error }: { readonly data: unknown; readonly error: unknown }): boolean {
  return data === undefined && error instanceof Problem && (error.status === 404 || error.status === 410);
}

/** The page of a thing that is not there: why that may be, and where to look instead. */
export function Missing({ what, id }: { readonly what: What; readonly id: string }) {
  const { title, lead, all, other } = words.missing.of[what];
  const { all: href, else: otherHref } = places[what];
  return (
    <Page title={title} back={{ href, label: words.missing.back[what] }}>
      <Empty
        title={words.missing.why}
        icon={<IconFileUnknown size={22} stroke={1.6} aria-hidden />}
        action={
          <div className="row" style={{ justifyContent: 'center' }}>
            <LinkButton href={href} look="primary">
              {all}
            </LinkButton>
            {otherHref === undefined || other === undefined ? null : <LinkButton href={otherHref}>{other}</LinkButton>}
          </div>
        }
      >
        {lead} <code>{id}</code>
      </Empty>
    </Page>
  );
}
