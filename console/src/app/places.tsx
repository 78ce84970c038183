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
import type { ReactNode } from 'react';
import type { Caller } from '../api/types.ts';
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

/** Where one can go; a place that needs a scope is not shown to who lacks it. */
export const places: readonly Place[] = [
  { href: '/', group: 'home', label: words.places.overview, icon: <IconLayoutDashboard size={iconPx} aria-hidden /> },
  {
    href: '/assets',
    group: 'library',
    label: words.places.assets,
    icon: <IconPhoto size={iconPx} aria-hidden />,
    scope: 'assets:read',
  },
  {
    href: '/jobs',
    group: 'library',
    label: words.places.jobs,
    icon: <IconChecklist size={iconPx} aria-hidden />,
    scope: 'assets:read',
  },
  {
    href: '/broadcasts',
    group: 'library',
    label: words.places.broadcasts,
    icon: <IconBroadcast size={iconPx} aria-hidden />,
    scope: 'assets:read',
  },
  {
    href: '/webhooks',
    group: 'messages',
    label: words.places.webhooks,
    icon: <IconWebhook size={iconPx} aria-hidden />,
    scope: 'webhooks:read',
  },
  {
    href: '/deliveries',
    group: 'messages',
    label: words.places.deliveries,
    icon: <IconSend size={iconPx} aria-hidden />,
    scope: 'deliveries:read',
  },
  {
    href: '/changes',
    group: 'messages',
    label: words.places.changes,
    icon: <IconArrowsExchange size={iconPx} aria-hidden />,
    scope: 'assets:read',
  },
  {
    href: '/events',
    group: 'workshop',
    label: words.places.events,
    icon: <IconBook2 size={iconPx} aria-hidden />,
    scope: 'webhooks:read',
  },
  {
    href: '/inboxes',
    group: 'workshop',
    label: words.places.inboxes,
    icon: <IconInbox size={iconPx} aria-hidden />,
    scope: 'webhooks:read',
  },
  { href: '/settings', group: 'rest', label: words.places.settings, icon: <IconSettings size={iconPx} aria-hidden /> },
];
