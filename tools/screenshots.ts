/**
 * `npm run screenshots`: every page of the console, full and empty, light and dark, narrow, wide and vast, into `screenshots/` for
 * people to look at; the few that stand in the documentation go to `docs/images`. The server and what is on it are made for it.
 *
 * `npm run screenshots -- --only assets,overview --sizes wide --themes dark --when full` draws what is named alone (names are those
 * of the pictures; a name stands for all that begin with it; a size may be a width in pixels), `--no-docs` leaves `docs/images` as it is.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import {
  type ConsoleRig,
  furnish,
  pagesOf,
  type Seen,
  settled,
  signIn,
  startConsole,
} from '../test/e2e/console-pages.ts';
import { crowd, trouble } from './screenshot-crowd.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'screenshots');
const widths: { readonly [size: string]: number } = { narrow: 360, wide: 1280, vast: 1920 };

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    sizes: { type: 'string', default: Object.keys(widths).join(',') },
    themes: { type: 'string', default: 'light,dark' },
    when: { type: 'string', default: 'empty,full' },
    'no-docs': { type: 'boolean', default: false },
  },
});
const listed = (text: string): readonly string[] => text.split(',').filter((name) => name !== '');
const only = listed(options.only);

/** Pages that stand in the documentation, by the name of their picture. */
function shownPages({ asset, webhook, delivery }: Seen): Readonly<Record<string, string>> {
  return {
    overview: '/',
    assets: '/assets',
    asset: `/assets/${asset}?tab=history`,
    delivery: `/deliveries/${delivery}`,
    webhook: `/webhooks/${webhook}`,
    wizard: '/webhooks/new?dialect=woodwing',
  };
}

const nameOf = (path: string): string =>
  path
    .replace(/_0{20,}z$/, '-missing')
    .replaceAll(/(?:_[0-9a-z]{26})|[^a-z0-9]+/gi, '-')
    .replaceAll(/^-+|-+$/g, '') || 'overview';

async function shoot({ page, server }: ConsoleRig, paths: readonly string[], when: string): Promise<void> {
  if (!listed(options.when).includes(when)) return;
  for (const path of paths) {
    const name = nameOf(path);
    if (only.length > 0 && !only.some((wanted) => name.startsWith(wanted))) continue;
    await page.goto(server.url + path);
    await settled(page);
    for (const size of listed(options.sizes)) {
      await page.setViewportSize({ width: widths[size] ?? Number(size), height: 900 });
      for (const theme of listed(options.themes)) {
        await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
        await drawn(page);
        await page.screenshot({ path: join(folder, `${name}.${when}.${size}.${theme}.png`), fullPage: true });
      }
    }
  }
}

/** Pictures have come; two frames later the colours are no longer those before. */
async function drawn(page: ConsoleRig['page']): Promise<void> {
  await page.evaluate(`Promise.race([
    Promise.all([...document.images].filter((img) => img.loading !== 'lazy').map((img) => img.decode().catch(() => undefined))),
    new Promise((over) => setTimeout(over, 2000)),
  ])`);
  await page.evaluate(
    'new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 250))',
  );
}

async function document(rig: ConsoleRig, seen: Seen): Promise<void> {
  const { page, server } = rig;
  mkdirSync(join(root, 'docs', 'images'), { recursive: true });
  await page.setViewportSize({ width: 1360, height: 820 });
  for (const [name, path] of Object.entries(shownPages(seen))) {
    await page.goto(server.url + path);
    await settled(page);
    await page.evaluate("document.documentElement.dataset.theme = 'light'");
    await page.waitForTimeout(2_500);
    const png = await page.screenshot();
    await sharp(png)
      .png({ palette: true, quality: 90, effort: 10 })
      .toFile(join(root, 'docs', 'images', `${name}.png`));
  }
}

mkdirSync(folder, { recursive: true });
await using rig = await startConsole();
// A menu that slides would be caught half way.
await rig.page.emulateMedia({ reducedMotion: 'reduce' });
await signIn(rig);
const empty = ['/', '/start', '/assets', '/jobs', '/broadcasts', '/webhooks', '/deliveries', '/changes', '/inboxes'];
await shoot(rig, [...empty, '/assets/trash', '/settings/fields'], 'empty');
const seen = await furnish(rig.server);
await crowd(rig.server);
if (!options['no-docs']) await document(rig, seen);
await trouble(rig.server);
await shoot(rig, pagesOf(seen), 'full');
console.log(`Screenshots are in ${folder}`);
