import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { bambuserDialect } from '../../../src/dialects/bambuser/index.ts';
import { parseBambuserEvent, type VerificationError, verifyBambuser } from '../src/index.ts';
import { behaviourSamples } from './samples.ts';

/** A sender that knows these events. */
async function startSource(known: ReadonlyMap<string, string>) {
  const server = createServer((request, response) => {
    const eventId = /^\/bambuser\/events\/(\w+)$/.exec(request.url ?? '')?.[1] ?? '';
    const body = known.get(eventId);
    if (eventId === 'ffffffffffffffff') response.writeHead(503).end();
    else if (eventId === 'eeeeeeeeeeeeeeee') response.writeHead(302, { location: '/bambuser/events/x' }).end();
    else response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    fetch,
    source: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bambuser/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    return (error as VerificationError).code;
  }
  return 'accepted';
}

test('every notification of the dialect verifies by asking for it, and reads', async () => {
  const samples = behaviourSamples(bambuserDialect).map(({ event, body }, index) => {
    const document = JSON.parse(Buffer.from(body).toString()) as object;
    return { event, text: JSON.stringify({ ...document, eventId: index.toString(16).padStart(16, '0') }) };
  });
  await using sender = await startSource(new Map(samples.map(({ text }) => [parseBambuserEvent(text).eventId, text])));
  for (const { event, text } of samples) {
    const read = await verifyBambuser(Buffer.from(text), sender);
    assert.equal(`${read.collection}.${read.action}`, event);
  }
});

test('what the sender does not know, or knows otherwise, is refused; a layout of its own is not', async () => {
  const eventId = '93df93061a891c23';
  const document = { action: 'remove', collection: 'image', payload: { id: 'a' }, eventId };
  const body = JSON.stringify(document);
  await using sender = await startSource(new Map([[eventId, JSON.stringify(document, null, 4)]]));
  assert.equal(await codeOf(() => verifyBambuser(body, sender)), 'accepted');
  const altered = [
    { ...document, payload: { id: 'b' } },
    { ...document, action: 'add' },
    { ...document, more: 1 },
    { ...document, eventId: '0000000000000000' },
    { ...document, eventId: '../../livez' },
    { ...document, eventId: '93DF93061A891C23' },
  ];
  for (const one of altered)
    assert.equal(
      await codeOf(() => verifyBambuser(JSON.stringify(one), sender)),
      'no_matching_event',
      JSON.stringify(one),
    );
  for (const eventId of ['ffffffffffffffff', 'eeeeeeeeeeeeeeee'])
    assert.equal(
      await codeOf(() => verifyBambuser(JSON.stringify({ ...document, eventId }), sender)),
      'source_unavailable',
    );
  assert.equal(
    await codeOf(() => verifyBambuser(body, { fetch, source: 'http://127.0.0.1:1', timeoutMs: 2_000 })),
    'source_unavailable',
  );
  for (const other of ['', 'x', '[]', '{}', '{"action":"add","collection":"image","eventId":"x","payload":null}'])
    assert.equal(await codeOf(() => verifyBambuser(other, sender)), 'invalid_payload', other);
  assert.equal(await codeOf(() => verifyBambuser(document as never, sender)), 'parsed_body');
});
