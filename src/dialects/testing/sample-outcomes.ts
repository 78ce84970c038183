import type { NotAccepted, Outcome, Timing } from '../../core/outcome.ts';

const timing: Timing = { startedAtMs: 1_000, totalMs: 12 };

export function sampleResponse(status: number, headers: readonly (readonly [string, string])[] = []): Outcome {
  return {
    kind: 'response',
    response: { status, headers, body: new Uint8Array(), bodyBytes: 0, bodyComplete: true },
    timing,
  };
}

function notAccepted(code: NotAccepted, again: boolean): Outcome {
  const response = { status: 400, headers: [], body: new Uint8Array(), bodyBytes: 0, bodyComplete: true };
  return { kind: 'not-accepted', code, detail: 'No', again, response, timing };
}

/** One outcome of every kind, and a response of every status from 100 to 599. */
export const sampleOutcomes: readonly Outcome[] = [
  { kind: 'timeout', phase: 'connect', timing },
  { kind: 'dns-failed', code: 'not-found', timing },
  { kind: 'connect-failed', code: 'ECONNREFUSED', timing },
  { kind: 'tls-failed', code: 'wrong-host', detail: '', timing },
  { kind: 'broken', code: 'reset', timing },
  { kind: 'blocked-address', reason: 'forbidden-address', timing },
  { kind: 'refused-by-config', code: 'missing-secret', detail: '', timing },
  { kind: 'interrupted', timing },
  { kind: 'token-failed', code: 'refused', detail: 'invalid_client', waitMs: 5_000, timing },
  { kind: 'token-failed', code: 'blocked-address', detail: '', waitMs: 60_000, timing },
  { kind: 'proxy-failed', code: 'unreachable', detail: '', timing },
  notAccepted('throttled', true),
  notAccepted('no-such-target', false),
  ...Array.from({ length: 500 }, (_, index) => sampleResponse(100 + index)),
  ...['120', '-5', 'NaN', '999999999', 'Thu, 01 Jan 1970 00:00:00 GMT'].map((value) =>
    sampleResponse(429, [['retry-after', value]]),
  ),
];
