/** A server with something to see on every page of the console, and a browser that is signed in to it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { eventually, type RealServer, rows, startRealServer, uploadOptions } from './real-server.ts';

const media = join(import.meta.dirname, '..', '..', 'media');

export type ConsoleRig = AsyncDisposable & {
  readonly server: RealServer;
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly page: Page;
  /** Everything the browser complained about but answers, which are in `refused`. */
  readonly complaints: string[];
  /** `METHOD path status` of every answer that was an error: whoever provokes one takes it out. */
  readonly refused: string[];
};

export async function startConsole(): Promise<ConsoleRig> {
  const server = await startRealServer();
  const browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // A refused request is told of by its answer, with its address.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  const refused: string[] = [];
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (response.status() >= 400) refused.push(`${response.request().method()} ${pathname} ${response.status()}`);
  });
  return {
    server,
    browser,
    context,
    page,
    complaints,
    refused,
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Signs in by the terminal's link and waits until the console is drawn. */
export async function signIn({ server, page }: ConsoleRig): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${server.url}/#sign-in=${server.started.signInToken}`);
  await page.locator('.side nav').waitFor();
}

/** One id of each kind of thing that has a page. */
export type Seen = {
  readonly asset: string;
  readonly webhook: string;
  readonly delivery: string;
  readonly change: string;
  readonly inbox: string;
};

/** Something on every page: pictures, a webhook of every dialect that speaks HTTP, deliveries that went well and ill. */
export async function furnish(server: RealServer): Promise<Seen> {
  const inbox = (await server.call('/v1/inboxes', { method: 'POST' })).json;
  const broken = (await server.call('/v1/inboxes', { method: 'POST' })).json;
  await server.call(`/v1/inboxes/${String(broken['id'])}`, { method: 'PATCH', body: { status: 404, body: 'gone' } });
  const url = String(inbox['url']);
  const make = (name: string, dialect: string, target: string) =>
    server.call('/v1/webhooks', {
      body: { name, dialect, events: ['*'], target: { transport: 'http', url: target } },
    });
  const { id: webhook } = (await make('Shop front', 'standard', url)).json;
  await make('Editorial system', 'woodwing', url);
  await make('Old receiver', 'woodwing', String(broken['url']));
  const asset = (await upload(server, 'wine.jpg')).json;
  await upload(server, 'sunset.jpg');
  const made = await eventually(
    async () => rows((await server.call('/v1/deliveries?states=delivered')).json),
    (found) => found.length >= 4,
    'deliveries are made',
  );
  const [delivery] = made;
  return {
    asset: String(asset['id']),
    webhook: String(webhook),
    delivery: String(delivery?.['id']),
    change: String(delivery?.['changeId']),
    inbox: String(inbox['id']),
  };
}

function upload(server: RealServer, name: string) {
  const asset = { path: '/campaigns/spring', tags: ['harbour'] };
  return server.call('/v1/assets', uploadOptions(name, readFileSync(join(media, name)), asset));
}

/** Every page there is, full. */
export function pagesOf({ asset, webhook, delivery, change, inbox }: Seen): readonly string[] {
  return [
    '/',
    '/start',
    '/assets',
    '/assets?view=list',
    `/assets/${asset}`,
    `/assets/${asset}?tab=metadata`,
    `/assets/${asset}?tab=versions`,
    `/assets/${asset}?tab=embedded`,
    `/assets/${asset}?tab=history`,
    `/assets/${asset}?tab=talk`,
    `/assets/${asset}?tab=share`,
    '/assets/trash',
    '/jobs',
    '/broadcasts',
    '/webhooks',
    '/webhooks/new',
    `/webhooks/${webhook}`,
    `/webhooks/${webhook}?tab=deliveries`,
    `/webhooks/${webhook}?tab=settings`,
    `/webhooks/${webhook}?tab=secret`,
    `/webhooks/${webhook}?tab=test`,
    `/webhooks/${webhook}?tab=dryRun`,
    '/deliveries',
    `/deliveries/${delivery}`,
    '/changes',
    `/changes/${change}`,
    '/events',
    '/inboxes',
    `/inboxes/${inbox}`,
    '/settings/workspace',
    '/settings/fields',
    '/settings/libraries',
    '/webhooks/new?dialect=brandfolder',
    '/webhooks/new?dialect=bynder',
    '/assets/ast_0000000000000000000000000z',
    '/deliveries/dlv_0000000000000000000000000z',
    '/settings/keys',
    '/settings/users',
    '/settings/roles',
    '/settings/account',
    '/settings/properties',
    '/settings/signing-keys',
    '/settings/transports',
    '/settings/space',
    '/settings/audit',
    '/settings/server',
    '/webhooks/wh_0000000000000000000000000z',
  ];
}

/** Waits until a page has what it asked for. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor();
  await eventually(
    () => page.locator('.skeleton').count(),
    (count) => count === 0,
    'everything has come',
  );
}
