import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createTraces, type SpanRecord } from './traces.ts';

type Told = { readonly path: string; readonly body: string };

/** An OTLP endpoint that keeps what it is told. */
async function collector(t: TestContext): Promise<{ url: string; told: Told[] }> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      told.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString() });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`, told };
}

const span: SpanRecord = {
  name: 'deliver asset.created',
  traceId: '0192f0c0ffee0192f0c0ffee00000001',
  spanId: 'f0c0ffee00000001',
  parentSpanId: 'f0c0ffee00000002',
  startedAtMs: 1_795_362_535_058,
  endedAtMs: 1_795_362_535_064.5,
  attributes: { 'assetwire.attempt': 2, 'assetwire.dialect': 'standard' },
  failure: 'status 500',
};

test('a span arrives at an OTLP endpoint as the protocol writes it, also one recorded before the exporter was there', async (t) => {
  const { url, told } = await collector(t);
  const traces = createTraces({ url, version: '1.2.3', percent: 100, onTrouble: assert.fail });
  traces.record(span);
  await traces.stop();
  assert.deepEqual(
    told.map(({ path }) => path),
    ['/v1/traces'],
  );
  const { resourceSpans } = JSON.parse(told[0]?.body ?? '') as {
    resourceSpans: { resource: { attributes: unknown[] }; scopeSpans: { spans: Record<string, unknown>[] }[] }[];
  };
  assert.deepEqual(resourceSpans[0]?.resource.attributes, [
    { key: 'service.name', value: { stringValue: 'assetwire' } },
    { key: 'service.version', value: { stringValue: '1.2.3' } },
  ]);
  const [sent] = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  assert.equal(sent?.['traceId'], span.traceId);
  assert.equal(sent['spanId'], span.spanId);
  assert.equal(sent['parentSpanId'], span.parentSpanId);
  assert.equal(sent['name'], span.name);
  assert.equal(sent['startTimeUnixNano'], '1795362535058000000');
  assert.equal(sent['endTimeUnixNano'], '1795362535064500000');
  assert.deepEqual(sent['status'], { code: 2, message: 'status 500' });
  assert.deepEqual(sent['attributes'], [
    { key: 'assetwire.attempt', value: { intValue: 2 } },
    { key: 'assetwire.dialect', value: { stringValue: 'standard' } },
  ]);
});

test('of a share of traces each is told whole or not at all', async (t) => {
  const { url, told } = await collector(t);
  const traces = createTraces({ url, version: '1', percent: 25, onTrouble: assert.fail });
  const digits = (of: number): string =>
    Math.floor(of * 0xffff_ffff)
      .toString(16)
      .padStart(8, '0');
  for (let step = 0; step < 100; step += 1) {
    const traceId = `0192f0c0ffee0192f0c0ffee${digits((step + 0.5) / 100)}`;
    traces.record({ ...span, traceId, spanId: `1${String(step).padStart(15, '0')}` });
    traces.record({ ...span, traceId, spanId: `2${String(step).padStart(15, '0')}` });
  }
  await traces.stop();
  const ids = [
    ...told
      .map(({ body }) => body)
      .join('')
      .matchAll(/"traceId":"(\w+)"/g),
  ].map(([, id]) => id);
  assert.equal(ids.length, 50);
  assert.equal(new Set(ids).size, 25);
});

test('an endpoint that is not there costs nobody anything, and is told of when the server stops', async () => {
  const troubles: string[] = [];
  const onTrouble = (detail: string) => void troubles.push(detail);
  const traces = createTraces({ url: 'http://127.0.0.1:1/v1/traces', version: '1', percent: 100, onTrouble });
  for (let index = 0; index < 5_000; index += 1) traces.record(span);
  await traces.stop();
  assert.equal(troubles.length, 1);
  assert.match(troubles[0] ?? '', /ECONNREFUSED/);
});
