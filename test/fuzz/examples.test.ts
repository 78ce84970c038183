/** The examples of the document are true: a server takes each of them as it stands in the document and in the reference. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { adminKey } from '../e2e/real-server.ts';
import { createAnswerCheck } from '../support/answer-check.ts';
import { examplePlan, operationsOf } from './call-arbitraries.ts';
import { furnish, type Furnished } from './furnish.ts';
import { send } from './send.ts';
import { wireOf } from './wire.ts';

/** What an example meets here although it is sound: the thing it names is not there, or the secret is made up. */
const expected: { readonly [operation: string]: readonly number[] } = {
  // The example of a film is a word, sent as JSON.
  streamBroadcast: [415],
  createSession: [401],
  setPassword: [401],
  changePassword: [403],
  // A form of a page; the examples are sent as JSON.
  unlockShareLink: [415],
};

let furnished: Furnished;
before(async () => {
  furnished = await furnish(adminKey);
});
after(() => furnished[Symbol.asyncDispose]());

test('every example of a request is taken, or refused for nothing but what it names', async () => {
  const { document, known, server, tokenFor } = furnished;
  const check = createAnswerCheck(document);
  const refused: string[] = [];
  const taken: string[] = [];
  for (const operation of operationsOf(document)) {
    const wire = wireOf(examplePlan(document, operation), { known, token: tokenFor(operation) });
    const answer = await send(wire, { url: server.url, timeoutMs: 60_000, streaming: operation.streaming });
    if (answer.status < 300) {
      known.learn(answer.text);
      taken.push(operation.id);
    }
    const { status, contentType, text } = answer;
    const problems = check.problemsOf({ method: wire.method, path: wire.path, status, contentType, text });
    // 404 and 409 are about what is there, all else about the example.
    const fine = status < 300 || status === 404 || status === 409 || expected[operation.id]?.includes(status) === true;
    if (!fine || problems.length > 0)
      refused.push(
        `${operation.id}: ${wire.method} ${wire.path} ${wire.body?.toString().slice(0, 300) ?? ''} → ${text.slice(0, 400)} ${problems.join()}`,
      );
  }
  assert.deepEqual(refused, []);
  console.log(`${taken.length} of ${operationsOf(document).length} examples were taken`);
  assert.ok(taken.length > operationsOf(document).length * 0.6, taken.join());
});
