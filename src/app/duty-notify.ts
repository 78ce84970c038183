/**
 * The `notify` duty tells a notice on: at once to whoever watches, then by mail to the contacts, one mail each. Mails go
 * out at least once and carry the same Message-ID when they go twice. What a mail server refuses for good is counted;
 * what fails for now is tried again for a day. At most `mailsPerHourMax` per workspace and hour; the rest waits.
 */
import { limits } from '../core/limits.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty } from '../storage/contract/duties.ts';
import { commitOne } from './commit-one.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { advanced } from './duty-step.ts';
import type { LiveHub } from './live.ts';
import { mailOf } from './notice-mail.ts';
import { noticeView, type NotifyPayload } from './notices.ts';
import type { NoticeSeverity, NoticeView, WorkspaceSettings } from './people.ts';
import { readWorkspaceSettings } from './workspace-settings.ts';

const hourMs = 3_600_000;
const triedForMs = 24 * hourMs;
const pauseMsMin = 30_000;
const pauseMsMax = hourMs;

export type NotifyDeps = Pick<AppDeps, 'storage' | 'clock' | 'settings' | 'logger' | 'mailer'> & {
  readonly committer: Committer;
  readonly live: Pick<LiveHub, 'noticed'>;
};

/** Mails sent for a workspace within the hour that began at `fromMs`. In memory: a restart begins a new hour. */
type Spent = { fromMs: number; count: number };

export function createNotifyDuty(deps: NotifyDeps): DutyHandler {
  const spent = new Map<string, Spent>();
  return async (duty, signal) => {
    const { storage, live, mailer } = deps;
    const { workspaceId } = duty;
    // Payloads of this kind are written by notices.ts and here only.
    let payload = duty.payload as unknown as NotifyPayload;
    const [row] = await storage.resources([{ workspaceId, type: 'notice', id: payload.noticeId }]);
    if (row === undefined || row === null) return done(deps, duty, payload);
    const notice = noticeView(row);
    if (!payload.told) live.noticed(workspaceId, notice);
    payload = { ...payload, told: true };
    const settings = await readWorkspaceSettings(storage, workspaceId);
    const left = [...(payload.left ?? recipients(notice, settings))];
    if (mailer === null || left.length === 0) return done(deps, duty, payload);
    const result = await sendAll(deps, { notice, workspaceId, left, signal }, budgetOf(spent, workspaceId, deps));
    payload = {
      ...payload,
      left,
      sent: payload.sent + result.sent,
      refused: payload.refused + result.refused,
      tries: payload.tries + (result.failed ? 1 : 0),
    };
    const nowMs = deps.clock.nowMs();
    if (left.length === 0) return done(deps, duty, payload);
    if (result.failed && nowMs - notice.atMs > triedForMs) {
      return done(deps, duty, { ...payload, refused: payload.refused + left.length });
    }
    const waitMs = result.waitMs ?? Math.min(pauseMsMax, pauseMsMin * 2 ** (payload.tries - 1));
    await later(deps, duty, { payload, waitMs });
  };
}

type Sending = {
  readonly notice: NoticeView;
  readonly workspaceId: string;
  /** Emptied as mails are gone. */
  readonly left: string[];
  readonly signal: AbortSignal;
};

type Sent = { readonly sent: number; readonly refused: number; readonly failed: boolean; readonly waitMs?: number };

/** Until all are sent, one fails for now, or the hour's share is used up. */
async function sendAll(
  { mailer, settings, logger }: NotifyDeps,
  { notice, workspaceId, left, signal }: Sending,
  budget: { take(): number },
): Promise<Sent> {
  let sent = 0;
  let refused = 0;
  for (let to = left[0]; to !== undefined && mailer !== null && !signal.aborted; to = left[0]) {
    const waitMs = budget.take();
    if (waitMs > 0) return { sent, refused, failed: false, waitMs };
    try {
      const answer = await mailer.send(mailOf({ notice, workspaceId, to, publicUrl: settings.publicUrl() }));
      if (answer === 'sent') sent += 1;
      else refused += 1;
      left.shift();
    } catch (error) {
      // Never the address: logs are read by others than the mail's reader.
      logger.warn('mail.failed', { workspaceId, noticeId: notice.id, error });
      return { sent, refused, failed: true };
    }
  }
  return { sent, refused, failed: left.length > 0 };
}

/** Takes one mail out of the hour's share, or answers how long until there is one. */
function budgetOf(spent: Map<string, Spent>, workspaceId: string, { clock }: Pick<NotifyDeps, 'clock'>) {
  return {
    take(): number {
      const nowMs = clock.monotonicMs();
      let hour = spent.get(workspaceId);
      if (hour === undefined || nowMs - hour.fromMs >= hourMs) {
        hour = { fromMs: nowMs, count: 0 };
        for (const [name, { fromMs }] of spent) if (nowMs - fromMs >= hourMs) spent.delete(name);
        spent.set(workspaceId, hour);
      }
      if (hour.count >= limits.mailsPerHourMax) return hour.fromMs + hourMs - nowMs;
      hour.count += 1;
      return 0;
    },
  };
}

const severities: readonly NoticeSeverity[] = ['info', 'warning', 'error'];

/** The workspace's contacts and those of the webhook that the notice is about, each once. */
function recipients(notice: NoticeView, { contacts, mailFrom }: WorkspaceSettings): readonly string[] {
  if (mailFrom === 'none' || severities.indexOf(notice.severity) < severities.indexOf(mailFrom)) return [];
  const { contacts: own } = notice.details;
  const ofWebhook = Array.isArray(own) ? own.filter((one) => typeof one === 'string') : [];
  const seen = new Map([...contacts, ...ofWebhook].map((address) => [address.toLowerCase(), address]));
  return [...seen.values()];
}

/** The duty is fulfilled and what became of the mail is noted, together. */
async function done({ committer }: NotifyDeps, duty: Duty, payload: NotifyPayload): Promise<void> {
  const { workspaceId } = duty;
  const { sent, refused } = payload;
  const fulfils = { dutyId: duty.id, version: duty.version };
  await committer.writeAlone({ workspaceId, type: 'notice', id: payload.noticeId }, [], (current, atMs) => ({
    kind: 'write',
    plan: {
      ...(current === null || sent + refused === 0
        ? {}
        : { state: { ...current.state, mail: { atMs, sent, refused } } }),
      changes: [],
      fulfils,
    },
    answer: () => undefined,
  }));
}

async function later(
  { storage, clock }: NotifyDeps,
  duty: Duty,
  { payload, waitMs }: { readonly payload: NotifyPayload; readonly waitMs: number },
): Promise<void> {
  const { workspaceId } = duty;
  const atMs = clock.nowMs();
  await commitOne(storage, { workspaceId, atMs, advances: advanced(duty, atMs + waitMs, payload) });
}
