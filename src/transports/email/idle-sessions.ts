/** Connections that wait for the next mail, each for a while. */
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { SmtpSession } from './smtp-session.ts';

export type IdleSessions = {
  /** The one that was put here last, so that those beyond what is needed go. Null: there is none. */
  take(): SmtpSession | null;
  put(session: SmtpSession): void;
  /** How long one that was taken had been here. */
  restedMs(session: SmtpSession): number;
  remove(session: SmtpSession): void;
  /** All of them; they are the caller's now. */
  clear(): readonly SmtpSession[];
};

/** Servers end sessions that are silent for long. */
const idleMsMax = 30_000;

export function createIdleSessions(clock: Clock, tooLong: (session: SmtpSession) => void): IdleSessions {
  const held: { readonly session: SmtpSession; readonly idle: Timer }[] = [];
  const sinceMs = new WeakMap<SmtpSession, number>();
  return {
    take() {
      const last = held.pop();
      last?.idle.cancel();
      return last?.session ?? null;
    },
    put(session) {
      sinceMs.set(session, clock.monotonicMs());
      held.push({ session, idle: clock.timer(idleMsMax, () => tooLong(session)) });
    },
    restedMs: (session) => clock.monotonicMs() - (sinceMs.get(session) ?? clock.monotonicMs()),
    remove(session) {
      const at = held.findIndex((one) => one.session === session);
      if (at >= 0) held.splice(at, 1)[0]?.idle.cancel();
    },
    clear: () =>
      held.splice(0).map(({ session, idle }) => {
        idle.cancel();
        return session;
      }),
  };
}
