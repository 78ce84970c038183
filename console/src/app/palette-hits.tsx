/** What the palette finds: places, what one can do, where one has been, webhooks, assets, and any id. */
import {
  IconBook2,
  IconDeviceDesktop,
  IconHash,
  IconHistory,
  IconInbox,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconPlayerPlay,
  IconPlus,
  IconSettings,
  IconSun,
  IconUpload,
  IconWebhook,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { ask } from '../api/ask.ts';
import { useAsk, useCaller, useMay, useWebhooks } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import type { Inbox } from '../api/inboxes.ts';
import type { Page } from '../api/json.ts';
import type { Caller } from '../api/people.ts';
import { Thumb } from '../parts/thumb.tsx';
import { tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { matchOf } from './fuzzy.ts';
import { signOut } from './leaving.ts';
import { iconPx, mayGo, places } from './places.tsx';
import { recentVisits } from './recent.ts';
import { maySee, settingParts } from './setting-parts.ts';
import { setTheme } from './theme.ts';

/** One thing to choose: it leads somewhere or does something. */
export type Hit = {
  readonly id: string;
  readonly label: string;
  /** Which letters of the label were typed. */
  readonly marks: readonly number[];
  readonly kind: string;
  readonly icon: ReactNode;
  readonly go: (walk: Walk) => void;
};

export type Walk = {
  readonly to: (href: string, state?: object) => void;
  readonly help: () => void;
};

type Candidate = Omit<Hit, 'marks'>;

const hitsMax = 12;
const recentMax = 5;
const assetsMax = 6;

/** What fits the text, best first; where nothing is typed, where one has been and where one could go. */
export function useHits(text: string, here: string): readonly Hit[] {
  const { data: caller } = useCaller();
  const { data: webhooks } = useWebhooks();
  const mayAssets = useMay('assets:read');
  const { data: assets } = useAsk<Page<Asset>>(
    text.length >= 2 && mayAssets ? '/v1/assets' : null,
    { nameContains: text, limit: assetsMax },
    { steady: true },
  );
  const recent = recentVisits()
    .filter(({ href }) => href !== here && !places.some((place) => place.href === href))
    .slice(0, recentMax)
    .map(({ href, label }) =>
      leadsTo({ id: `recent ${href}`, label, kind: words.shell.recent, icon: icon(IconHistory) }, href),
    );
  const known = [...recent, ...placesOf(caller), ...actionsOf(caller)];
  if (text === '') return known.map((hit) => ({ ...hit, marks: [] }));
  const seen = new Set(recent.map(({ id }) => id.slice('recent '.length)));
  const named = [
    ...known,
    ...settingsOf(caller),
    ...(webhooks ?? [])
      .filter(({ id }) => !seen.has(`/webhooks/${id}`))
      .map(({ id, name }) =>
        leadsTo({ id, label: name, kind: words.places.webhooks, icon: icon(IconWebhook) }, `/webhooks/${id}`),
      ),
    ...(assets?.data ?? [])
      .filter(({ id }) => !seen.has(`/assets/${id}`))
      .map((asset) => {
        const { id, state } = asset;
        const picture = <Thumb asset={asset} size={24} />;
        return leadsTo({ id, label: state.name, kind: words.places.assets, icon: picture }, `/assets/${id}`);
      }),
  ];
  const fitting = named.flatMap((hit) => {
    const match = matchOf(hit.label, text);
    return match === null ? [] : [{ ...hit, marks: match.marks, score: match.score }];
  });
  return [...byId(text), ...fitting.toSorted((one, other) => other.score - one.score)].slice(0, hitsMax);
}

const icon = (Icon: typeof IconHash) => <Icon size={iconPx} stroke={1.7} aria-hidden />;

function leadsTo(hit: Omit<Candidate, 'go'>, href: string): Candidate {
  return { ...hit, go: ({ to }) => to(href) };
}

const idPlaces: readonly (readonly [prefix: string, href: string, kind: string])[] = [
  ['ast_', '/assets/', words.places.assets],
  ['wh_', '/webhooks/', words.places.webhooks],
  ['dlv_', '/deliveries/', words.places.deliveries],
  ['chg_', '/changes/', words.places.changes],
  ['inb_', '/inboxes/', words.places.inboxes],
];

/** Whoever pastes an id wants its page. */
function byId(text: string): readonly Hit[] {
  return idPlaces
    .filter(([prefix]) => text.startsWith(prefix))
    .map(([, href, kind]) => ({
      ...leadsTo({ id: text, label: text, kind, icon: icon(IconHash) }, href + encodeURIComponent(text)),
      marks: [],
    }));
}

function placesOf(caller: Caller | undefined): readonly Candidate[] {
  return places
    .filter((place) => mayGo(caller, place))
    .map(({ href, label, icon: sign }) => leadsTo({ id: href, label, kind: words.shell.page, icon: sign }, href));
}

function settingsOf(caller: Caller | undefined): readonly Candidate[] {
  return settingParts
    .filter((part) => caller !== undefined && maySee(part, caller))
    .map(({ id }) =>
      leadsTo(
        { id, label: words.settings.parts[id], kind: words.settings.title, icon: icon(IconSettings) },
        `/settings/${id}`,
      ),
    );
}

/** What one can do from anywhere. */
function actionsOf(caller: Caller | undefined): readonly Candidate[] {
  const { actions } = words.shell;
  const does = (label: string, Icon: typeof IconHash, go: Candidate['go']) => ({
    hit: { id: `does ${label}`, label, kind: words.shell.action, icon: icon(Icon), go },
  });
  const writing = (scope: string, action: ReturnType<typeof does>) => ({ ...action, scope });
  const all: readonly { readonly hit: Candidate; readonly scope?: string }[] = [
    writing(
      'webhooks:write',
      does(words.webhooks.make, IconPlus, ({ to }) => to('/webhooks/new')),
    ),
    writing(
      'assets:write',
      does(actions.upload, IconUpload, ({ to }) => to('/assets', { upload: true })),
    ),
    writing(
      'webhooks:write',
      does(words.inboxes.make, IconInbox, ({ to }) => void makeInbox(to)),
    ),
    writing(
      'webhooks:write',
      does(words.start.title, IconPlayerPlay, ({ to }) => to('/start')),
    ),
    does(words.shell.theme.light, IconSun, () => setTheme('light')),
    does(words.shell.theme.dark, IconMoon, () => setTheme('dark')),
    does(words.shell.theme.system, IconDeviceDesktop, () => setTheme('system')),
    does(words.shell.shortcuts, IconKeyboard, ({ help }) => help()),
    does(words.places.docs, IconBook2, () => location.assign('/docs')),
    does(words.shell.signOut, IconLogout, signOut),
  ];
  return all.filter((action) => mayGo(caller, action)).map(({ hit }) => hit);
}

async function makeInbox(to: Walk['to']): Promise<void> {
  try {
    to(`/inboxes/${(await ask<Inbox>('POST', '/v1/inboxes', { body: {} })).id}`);
  } catch (error) {
    tellProblem(error);
  }
}
