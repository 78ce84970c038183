import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { adminKey, eventually, rows, startRealServer } from './real-server.ts';

type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly status: { readonly code: number };
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
};

test('a change and each attempt at its delivery are one trace, whole after the server has stopped', async (t) => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  t.after(() => collector.close());
  const otlpUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  let changeId = '';
  {
    await using server = await startRealServer({ settings: { otlpUrl } });
    const tenant = await server.tenant('traced');
    const inbox = await tenant.ask('/v1/inboxes', { method: 'POST', body: {} });
    await tenant.ask('/v1/webhooks', {
      method: 'POST',
      body: {
        name: 'traced',
        dialect: 'standard',
        target: { transport: 'http', url: inbox['url'] },
        events: ['asset.metadata_changed'],
      },
    });
    const reported = await tenant.ask('/v1/changes', {
      method: 'POST',
      body: { kind: 'asset.metadata_changed', subject: { type: 'asset', externalId: 'a' }, after: { name: 'a.jpg' } },
    });
    changeId = (reported['results'] as { changes: { id: string }[] }[])[0]?.changes[0]?.id ?? '';
    await eventually(
      async () => rows(await tenant.ask('/v1/deliveries?states=delivered')).length,
      (count) => count > 0,
      'it is delivered',
    );
    assert.equal((await tenant.upload('a.txt', Buffer.from('twelve bytes'))).status, 201);
    const metrics = await server.call('/metrics', { token: adminKey });
    assert.match(metrics.text, /assetwire_uploaded_bytes_total 12\n/);
    assert.match(metrics.text, /assetwire_workspace_changes_accepted_total\{workspace="traced"\} 2/);
    assert.doesNotMatch((await tenant.call('/metrics')).text, /workspace=/, 'TN-21 a tenant sees no other workspace');
  }
  const spans = bodies.flatMap((body) =>
    (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap(
      ({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans),
    ),
  );
  const accepted = spans.find(({ attributes }) =>
    attributes.some(({ key, value }) => key === 'assetwire.change' && value.stringValue === changeId),
  );
  assert.ok(accepted, changeId);
  assert.equal(accepted.name, 'accept asset.metadata_changed');
  const attempts = spans.filter(({ parentSpanId }) => parentSpanId === accepted.spanId);
  assert.equal(attempts.length, 1);
  assert.equal(attempts[0]?.traceId, accepted.traceId);
  assert.equal(attempts[0].name, 'deliver asset.metadata_changed');
  assert.equal(attempts[0].status.code, 1);
  assert.doesNotMatch(bodies.join(''), /whsec_|\/inbox\//);
});
