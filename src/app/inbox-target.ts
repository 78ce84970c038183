import { AssetwireError } from '../core/errors.ts';
import type { Target } from '../core/webhook.ts';
import type { AppDeps } from './dependencies.ts';

/** A webhook to one of our own inboxes that is not there would fail for ever without anybody seeing why: refused at once. */
export async function refuseUnknownInbox(
  { storage, settings, clock }: Pick<AppDeps, 'storage' | 'settings' | 'clock'>,
  target: Target | undefined,
): Promise<void> {
  if (target?.transport !== 'http') return;
  const id = inboxOf(target.url, [settings.inboxUrl(), settings.inboxTlsUrl()]);
  if (id === null) return;
  const [row] = await storage.findByAlias('inbox', id);
  const expiresAtMs = row?.state['expiresAtMs'];
  if (typeof expiresAtMs === 'number' && expiresAtMs > clock.nowMs()) return;
  const found = row === undefined ? 'none' : 'one that has expired';
  throw new AssetwireError('invalid_request', {
    detail: `Send to an inbox that is there: found ${found} at "${target.url.slice(0, 200)}"`,
    mend: 'POST /v1/inboxes makes one and answers its url',
    problems: [{ at: '/target/url', wanted: 'an inbox that is there', found }],
  });
}

/** The inbox that a URL names, null where it is no URL of ours. */
function inboxOf(url: string, bases: readonly string[]): string | null {
  const asked = parsed(url);
  if (asked === null) return null;
  if (!bases.some((base) => base !== '' && parsed(base)?.origin === asked.origin)) return null;
  return /^\/inbox\/([^/]+)$/.exec(asked.pathname)?.[1] ?? null;
}

function parsed(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}
