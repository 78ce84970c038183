import { isObject, ownValue } from '../../core/json-equality.ts';
import { type JudgeInput, judgeByPolicy } from '../../core/judge.ts';
import type { ReceivedResponse } from '../../core/outcome.ts';
import type { Consent, Verdict } from '../../core/verdict.ts';
import { validationEvent } from './events.ts';

/**
 * Deliveries by the policy. The answer to the question counts by its headers, whatever its status ("the status code does
 * not decide", section 4.2); without consent the question is asked again, because it may come later.
 */
export function judge(input: JudgeInput): Verdict {
  const { event, outcome, policy } = input;
  if (event !== validationEvent || outcome.kind !== 'response') return judgeByPolicy(input);
  const consent = consentIn(outcome.response, input);
  if (consent !== null) return { kind: 'delivered', confirms: consent };
  // The target is gone for good, whether it is asked or told.
  if (outcome.response.status === 410) return { kind: 'disable', reason: 'status-410' };
  const verdict = judgeByPolicy({ ...input, policy: { ...policy, success: [], rejected: [], disable: [] } });
  // One question that found no answer decides nothing: consent may have come by the link, and who never consents is
  // given up when the handshake's own time is over.
  return verdict.kind === 'retry' ? { ...verdict, reason: 'no-consent' } : { kind: 'dead', reason: 'no-consent' };
}

function consentIn({ headers }: ReceivedResponse, { frozen }: JudgeInput): Consent | null {
  const of = (name: string): readonly string[] =>
    headers.filter(([found]) => found === name).map(([, value]) => value.trim());
  // Two answers are none.
  const [allowed, ...more] = of('webhook-allowed-origin');
  if (allowed === undefined || more.length > 0) return null;
  if (allowed !== '*' && allowed.toLowerCase() !== originOf(frozen)) return null;
  const [rate] = of('webhook-allowed-rate');
  if (rate === undefined || rate === '*') return { requestsPerSecondMax: null };
  const perMinute = Number(rate);
  // What cannot be read allows nothing more than what may be least meant.
  return { requestsPerSecondMax: Number.isFinite(perMinute) && perMinute > 0 ? perMinute / 60 : 1 / 60 };
}

function originOf(frozen: JudgeInput['frozen']): string | null {
  const url = isObject(frozen) ? ownValue(frozen, 'publicUrl') : undefined;
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).hostname.toLowerCase() : null;
}
