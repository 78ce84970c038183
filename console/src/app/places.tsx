import {
  IconArrowsExchange,
  IconBook2,
  IconBroadcast,
  IconChecklist,
  IconInbox,
  IconLayoutDashboard,
  IconPhoto,
  IconSend,
  IconSettings,
  IconWebhook,
} from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import type { Caller } from '../api/people.ts';
import { words } from '../words/words.ts';

type Group = keyof typeof words.shell.groups;

type Place = {
  readonly href: string;
  readonly label: string;
  readonly icon: ReactNode;
  readonly group: Group;
  readonly scope?: string;
};

export const iconPx = 17;
/** What stands together in the menu, from its top. */
export const groups: readonly Group[] = ['home', 'library', 'messages', 'workshop', 'rest'];

/** Whether the menu shows a place; while it is not known who looks, all of them. */
export function mayGo(caller: Caller | undefined, { scope }: Pick<Place, 'scope'>): boolean {
  return scope === undefined || caller === undefined || caller.admin || caller.scopes.includes(scope);
}

type Where = Pick<Place, 'href' | 'group'> & {
  readonly icon: ComponentType<{ readonly size: number; readonly 'aria-hidden': true }>;
  readonly scope?: string;
};

const wheres = {
  overview: { href: '/', group: 'home', icon: IconLayoutDashboard },
  assets: { href: '/assets', group: 'library', icon: IconPhoto, scope: 'assets:read' },
  jobs: { href: '/jobs', group: 'library', icon: IconChecklist, scope: 'assets:read' },
  broadcasts: { href: '/broadcasts', group: 'library', icon: IconBroadcast, scope: 'assets:read' },
  webhooks: { href: '/webhooks', group: 'messages', icon: IconWebhook, scope: 'webhooks:read' },
  deliveries: { href: '/deliveries', group: 'messages', icon: IconSend, scope: 'deliveries:read' },
  changes: { href: '/changes', group: 'messages', icon: IconArrowsExchange, scope: 'assets:read' },
  events: { href: '/events', group: 'workshop', icon: IconBook2, scope: 'webhooks:read' },
  inboxes: { href: '/inboxes', group: 'workshop', icon: IconInbox, scope: 'webhooks:read' },
  settings: { href: '/settings', group: 'rest', icon: IconSettings },
} satisfies { readonly [name in keyof typeof words.places]?: Where };

/** Where one can go, in the order of the menu; a place that needs a scope is not shown to who lacks it. */
export const places: readonly Place[] = Object.entries<Where>(wheres).map(([name, { icon: Icon, ...where }]) => ({
  ...where,
  label: words.places[name as keyof typeof wheres],
  icon: <Icon size={iconPx} aria-hidden />,
}));
