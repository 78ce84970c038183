/**
 * `npm run screenshots`: every page of the console, full and empty, light and dark, wide and narrow, into `screenshots/` for people
 * to look at; the few that stand in the documentation go to `docs/images`. The server and what is on it are made for it.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'screenshots');
const widths = { wide: 1440, narrow: 360 } as const;

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

async function shoot(rig: ConsoleRig, paths: readonly string[], when: string): Promise<void> {
  const { page, server } = rig;
  for (const path of paths) {
    await page.goto(server.url + path);
    await settled(page);
    for (const [size, width] of Object.entries(widths)) {
      await page.setViewportSize({ width, height: 900 });
      for (const theme of ['light', 'dark']) {
        await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
        // Two frames: in the first the colours are still those before.
        await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
        const name = path.replaceAll(/(?:_[0-9a-z]{26})|[^a-z0-9]+/gi, '-').replaceAll(/^-+|-+$/g, '') || 'overview';
        await page.screenshot({ path: join(folder, `${name}.${when}.${size}.${theme}.png`), fullPage: true });
      }
    }
  }
}

async function document(rig: ConsoleRig, seen: Seen): Promise<void> {
  const { page, server } = rig;
  mkdirSync(join(root, 'docs', 'images'), { recursive: true });
  await page.setViewportSize({ width: 1360, height: 820 });
  for (const [name, path] of Object.entries(shownPages(seen))) {
    await page.goto(server.url + path);
    await settled(page);
    await page.evaluate("document.documentElement.dataset.theme = 'light'");
    await page.waitForTimeout(900);
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
const empty = ['/', '/assets', '/jobs', '/broadcasts', '/webhooks', '/deliveries', '/changes', '/inboxes'];
await shoot(rig, [...empty, '/assets/trash', '/settings/fields'], 'empty');
const seen = await furnish(rig.server);
await shoot(rig, pagesOf(seen), 'full');
await document(rig, seen);
console.log(`Screenshots are in ${folder}`);
