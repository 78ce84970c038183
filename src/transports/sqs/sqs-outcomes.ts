/** What a call to a queue came to, for one of its messages. */
import type { Outcome, ReceivedResponse, Timing } from '../../core/outcome.ts';
import type { EntryResult, Exchange, QueueAnswer } from './sqs-client.ts';
import { queueRefusal } from './sqs-refusals.ts';

/** Refused by our own configuration: nothing was sent. */
export function unsent({ code, detail }: { readonly code: string; readonly detail: string }, timing: Timing): Outcome {
  return { kind: 'refused-by-config', code, detail, timing };
}

/** The queue has the message. As the response stands what SQS says of this one: its id there, and the hash of what it got. */
export function acceptedOutcome(
  { id, md5 }: Extract<EntryResult, { kind: 'accepted' }>,
  exchange: Exchange,
  timing: Timing,
): Outcome {
  const said = { MessageId: id, MD5OfMessageBody: md5 };
  return { kind: 'response', response: entryResponse(said, 200, exchange), timing, ...addressOf(exchange) };
}

/** It has not, or nobody knows. `entry` is what it said of this one alone. */
export function answerOutcome(answer: QueueAnswer, entry: EntryResult | undefined, timing: Timing): Outcome {
  const { exchange } = answer;
  const { outcome } = exchange;
  if (answer.kind === 'entries') {
    const { name, message, senderFault } =
      entry?.kind === 'refused' ? entry : { name: 'InternalFailure', message: '', senderFault: false };
    const refusal = queueRefusal({ name, message, status: senderFault ? 400 : 500 });
    const said = { Code: name, Message: message, SenderFault: senderFault };
    const response = entryResponse(said, senderFault ? 400 : 500, exchange);
    return { kind: 'not-accepted', ...refusal, response, timing, ...addressOf(exchange) };
  }
  // Never on the wire: no keys were found, or the SDK could not be used.
  if (outcome === null) return { kind: 'not-accepted', ...queueRefusal(answer), timing };
  if (outcome.kind !== 'response') return { ...outcome, timing: { ...outcome.timing, ...timing } };
  const { response } = outcome;
  if (response.status < 300) {
    // A status of success without what SQS says then: a proxy, or another service at this address.
    return {
      kind: 'broken',
      code: 'other',
      detail: 'The answer is none of Amazon SQS',
      timing,
      ...addressOf(exchange),
    };
  }
  const refusal = queueRefusal({ name: answer.name, message: answer.message, status: response.status });
  return { kind: 'not-accepted', ...refusal, response, timing, ...addressOf(exchange) };
}

function entryResponse(said: object, status: number, { outcome }: Exchange): ReceivedResponse {
  const body = Buffer.from(JSON.stringify(said));
  const headers = outcome?.kind === 'response' ? outcome.response.headers : [];
  return { status, headers, body, bodyBytes: body.length, bodyComplete: true };
}

function addressOf({ outcome }: Exchange): { readonly address?: string } {
  return outcome !== null && 'address' in outcome && outcome.address !== undefined ? { address: outcome.address } : {};
}
