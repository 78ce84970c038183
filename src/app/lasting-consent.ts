/**
 * Consent that lasts, where a dialect asks an endpoint once (`Handshake.lasting`): what is kept of it, how it is shown, and
 * how an endpoint takes it back by a link of its own. What the link in the question does is told to dialects in their own
 * words, so nothing here throws for a wrong token: it is found or it is not.
 */
import { ownValue } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import type { Handshake } from '../dialects/contract/manifest.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';

/** What the row of a lasting handshake says, beside which question was asked last. */
export type ConsentState = {
  readonly askedAtMs: number;
  readonly deliveryId: string | null;
  /** When the link in the question, or in the farewell, is no longer good. */
  readonly expiresAtMs: number;
  readonly confirmedAtMs: number | null;
  readonly unsubscribedAtMs: number | null;
  /** Only somebody who is signed in may end it. */
  readonly guarded: boolean;
};

/** How a webhook of such a dialect stands, for people. */
export type ConsentView = {
  readonly state: 'pending' | 'confirmed' | 'expired' | 'unsubscribed';
  /** Until when the link is good; null where there is none to be visited any more. */
  readonly expiresAtMs: number | null;
  readonly confirmedAtMs: number | null;
};

/** The row by which a webhook is found by its id alone: whoever visits a link names no workspace. */
export function consentLinkWrite(webhookId: string): ResourceWrite {
  return { type: 'handshake', id: `link:${webhookId}`, expectedVersion: 'any', state: {}, alias: webhookId };
}

/** A lasting handshake as it is when it is asked for. */
export function askedConsent(handshake: Handshake, atMs: number, deliveryId: string): ConsentState {
  return {
    askedAtMs: atMs,
    deliveryId,
    expiresAtMs: atMs + handshake.expiresMs,
    confirmedAtMs: null,
    unsubscribedAtMs: null,
    guarded: false,
  };
}

/** Null where it was never asked, or asked by a dialect whose consent does not last. */
export function storedConsent(row: Pick<ResourceWrite, 'state'> | null | undefined): ConsentState | null {
  if (row === undefined || row === null || row.state === null || typeof ownValue(row.state, 'expiresAtMs') !== 'number')
    return null;
  return row.state as unknown as ConsentState;
}

export function consentState(consent: ConsentState): JsonObject {
  return { ...consent };
}

export function consentView(consent: ConsentState, nowMs: number): ConsentView {
  const { expiresAtMs, confirmedAtMs, unsubscribedAtMs } = consent;
  const open = nowMs < expiresAtMs;
  if (unsubscribedAtMs !== null) {
    return { state: 'unsubscribed', expiresAtMs: open ? expiresAtMs : null, confirmedAtMs };
  }
  if (confirmedAtMs !== null) return { state: 'confirmed', expiresAtMs: null, confirmedAtMs };
  return { state: open ? 'pending' : 'expired', expiresAtMs: open ? expiresAtMs : null, confirmedAtMs };
}

/** Whether the endpoint wants deliveries as far as anybody knows. */
export function hasConsented({ confirmedAtMs, unsubscribedAtMs }: ConsentState): boolean {
  return confirmedAtMs !== null && unsubscribedAtMs === null;
}
