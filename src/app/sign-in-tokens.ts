/** The one-time tokens of the terminal's sign-in link: in memory only, each good once and for an hour. */
import type { Clock } from '../runtime/clock.ts';
import { digest } from './key-format.ts';

/** A sign-in link is for now, not for the shell's history. */
export const signInTokenLifetimeMs = 60 * 60_000;
const signInTokensMax = 16;

export interface SignInTokens {
  readonly issue: () => string;
  readonly redeem: (token: string) => boolean;
}

export function createSignInTokens(clock: Clock, draw: () => string): SignInTokens {
  const tokens = new Map<string, number>();
  return {
    issue: (): string => {
      const nowMs = clock.nowMs();
      for (const [key, expiresAtMs] of tokens) if (expiresAtMs <= nowMs) tokens.delete(key);
      const [oldest] = tokens.keys();
      if (tokens.size >= signInTokensMax && oldest !== undefined) tokens.delete(oldest);
      const token = draw();
      tokens.set(digest(token), nowMs + signInTokenLifetimeMs);
      return token;
    },
    redeem: (token: string): boolean => {
      const key = digest(token);
      const expiresAtMs = tokens.get(key);
      // Taken out before anything else: of two who bring it at once, one wins (HARDENING AK-11).
      tokens.delete(key);
      return expiresAtMs !== undefined && expiresAtMs > clock.nowMs();
    },
  };
}
