/**
 * Idempotency keys on writes. The answer is a row in the same commit as what it answers for, so a crash leaves both or
 * neither. Calls with a key that is in flight in this process wait for the first one; across processes the store's
 * unique key decides (`duplicate`), and the later one answers as the earlier one did.
 */
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { IdempotencyRow } from '../storage/contract/commit-item.ts';
import type { Storage } from '../storage/storage.ts';
import type { Idempotency, Written } from './app.ts';

/** A key of a call that has several parts. */
type Parted = { readonly idempotency: Idempotency | undefined; readonly parts: number };

export interface IdempotentCalls {
  /**
   * Runs `call` unless its key has been answered before. `call` is given a maker of the row that it must commit with its
   * work. A batch of several `parts` has a row for each and asks for them one by one: each part is in the store with its
   * row or not at all, so a batch that was cut off goes on where it stopped.
   */
  run<Body>(
    workspaceId: string,
    key: Idempotency | undefined | Parted,
    call: (row: RowMaker | undefined) => Promise<Written<Body>>,
  ): Promise<Written<Body>>;
}

/** The row for an answer. `part` tells the rows of one batch apart. */
export type RowMaker = (status: number, body: object, part?: number) => IdempotencyRow;

export type IdempotencyDeps = { readonly storage: Pick<Storage, 'idempotency'>; readonly nowMs: () => number };

type InFlight = { readonly fingerprint: string; readonly answer: Promise<Written<unknown>> };

export function createIdempotentCalls({ storage, nowMs }: IdempotencyDeps): IdempotentCalls {
  const inFlight = new Map<string, InFlight>();

  const first = async <Body>(
    workspaceId: string,
    { key, fingerprint, parts }: Idempotency & { readonly parts: number },
    call: (row: RowMaker) => Promise<Written<Body>>,
  ): Promise<Written<Body>> => {
    const found = await storage.idempotency(workspaceId, key);
    // Kept for 24 hours at least; what is older may still be there and no longer counts.
    if (found !== null && found.createdAtMs > nowMs() - limits.idempotencyKeptMs) {
      const answer = replay<Body>(found, fingerprint);
      if (parts === 1) return answer;
    }
    return call((status, body, part = 0) => ({
      key: part === 0 ? key : partKey(key, part),
      fingerprint,
      createdAtMs: nowMs(),
      response: { status, body: asJson(body) },
    }));
  };

  return {
    async run<Body>(
      workspaceId: string,
      given: Idempotency | undefined | Parted,
      call: (row: RowMaker | undefined) => Promise<Written<Body>>,
    ): Promise<Written<Body>> {
      const { idempotency, parts } = given !== undefined && 'parts' in given ? given : { idempotency: given, parts: 1 };
      if (idempotency === undefined) return call(undefined);
      checkKey(idempotency.key);
      const name = `${workspaceId} ${idempotency.key}`;
      const running = inFlight.get(name);
      if (running !== undefined) {
        if (running.fingerprint !== idempotency.fingerprint) throw mismatch();
        const answer = (await running.answer) as Written<Body>;
        return { ...answer, replayed: true };
      }
      const answer = first(workspaceId, { ...idempotency, parts }, call);
      inFlight.set(name, { fingerprint: idempotency.fingerprint, answer });
      try {
        return await answer;
      } finally {
        inFlight.delete(name);
      }
    },
  };
}

/** The row's key of one part of a batch. A caller's own key holds no blank, so the two cannot meet. */
function partKey(key: string, part: number): string {
  return `${key} ${part}`;
}

/** The earlier answer, or the refusal where the key was used for something else. */
export function replay<Body>(row: IdempotencyRow, fingerprint: string): Written<Body> {
  if (row.fingerprint !== fingerprint) throw mismatch();
  return { status: row.response.status, body: row.response.body as Body, replayed: true };
}

function mismatch(): AssetwireError {
  return new AssetwireError('idempotency_mismatch', {
    detail: 'Repeat the request of this idempotency key: got another route or body',
    mend: 'Use a new key for a new request',
  });
}

/** HARDENING ID-05: 1 to 255 visible ASCII characters. */
function checkKey(key: string): void {
  let fits = key.length >= 1 && key.length <= limits.idempotencyKeyCharactersMax;
  for (let at = 0; fits && at < key.length; at += 1) {
    const code = key.charCodeAt(at);
    fits = code >= 0x21 && code <= 0x7e;
  }
  if (fits) return;
  throw new AssetwireError('invalid_idempotency_key', {
    detail: `Use 1 to ${limits.idempotencyKeyCharactersMax} visible ASCII characters: got ${key.length} of which some are not`,
  });
}

/** Answers are made of JSON by construction; the store keeps them as such. */
function asJson(body: object): JsonObject {
  return body as JsonObject;
}
