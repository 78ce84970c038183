import { LRUCache } from 'lru-cache';

/**
 * TLS sessions to resume, so that a new connection to a known receiver costs no full handshake. The key holds
 * workspace, identity and origin: a session is never offered under another client certificate or for another tenant.
 * Sessions are only kept from verified connections.
 */
export type TlsSessions = {
  get(key: string): Buffer | undefined;
  set(key: string, session: Buffer): void;
  clear(): void;
};

const sessionsKeptMax = 2_000;

export function createTlsSessions(): TlsSessions {
  const kept = new LRUCache<string, Buffer>({ max: sessionsKeptMax });
  return {
    get(key) {
      const session = kept.get(key);
      // TLS 1.3 tickets are for one use (RFC 8446 C.4): each connection brings fresh ones.
      if (session !== undefined) kept.delete(key);
      return session;
    },
    set: (key, session) => void kept.set(key, session),
    clear: () => kept.clear(),
  };
}
