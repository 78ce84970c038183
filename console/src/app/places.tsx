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
import { words } from '../words/words.ts';

type Place = { readonly href: string; readonly label: string; readonly icon: ReactNode; readonly scope?: string };

export const iconPx = 17;
/** Where one can go; a place that needs a scope is not shown to who lacks it. */
export const places: readonly Place[] = [
  { href: '/', label: words.places.overview, icon: <IconLayoutDashboard size={iconPx} aria-hidden /> },
  { href: '/assets', label: words.places.assets, icon: <IconPhoto size={iconPx} aria-hidden />, scope: 'assets:read' },
  { href: '/jobs', label: words.places.jobs, icon: <IconChecklist size={iconPx} aria-hidden />, scope: 'assets:read' },
  {
    href: '/broadcasts',
    label: words.places.broadcasts,
    icon: <IconBroadcast size={iconPx} aria-hidden />,
    scope: 'assets:read',
  },
  {
    href: '/webhooks',
    label: words.places.webhooks,
    icon: <IconWebhook size={iconPx} aria-hidden />,
    scope: 'webhooks:read',
  },
  {
    href: '/deliveries',
    label: words.places.deliveries,
    icon: <IconSend size={iconPx} aria-hidden />,
    scope: 'deliveries:read',
  },
  {
    href: '/changes',
    label: words.places.changes,
    icon: <IconArrowsExchange size={iconPx} aria-hidden />,
    scope: 'assets:read',
  },
  {
    href: '/events',
    label: words.places.events,
    icon: <IconBook2 size={iconPx} aria-hidden />,
    scope: 'webhooks:read',
  },
  {
    href: '/inboxes',
    label: words.places.inboxes,
    icon: <IconInbox size={iconPx} aria-hidden />,
    scope: 'webhooks:read',
  },
  { href: '/settings', label: words.places.settings, icon: <IconSettings size={iconPx} aria-hidden /> },
];
