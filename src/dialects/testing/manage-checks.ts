/** A vendor's own API as a table: every row says who may call it, and no request makes a row throw. */
import assert from 'node:assert/strict';
import { scopes } from '../../app/app.ts';
import { errorTable, type ErrorCode } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { VendorAnswer, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import type { Check } from './conformance.ts';
import { sampleLinks } from './sample-webhook.ts';

const values = [null, true, 0, -1, 1.5, '', ' ', 'x'.repeat(5_000), [], [null], [[]], {}, { a: { b: null } }, '\u0000'];

/** Bodies that no client of the vendor sends: every field of a real one with every kind of value. */
function* nonsense(fields: readonly string[]): Generator<JsonObject | null> {
  yield null;
  yield {};
  yield JSON.parse('{"__proto__":{"name":"x"},"constructor":1}') as JsonObject;
  for (const field of fields) for (const value of values) yield { [field]: value };
  for (const value of values) yield Object.fromEntries(fields.map((field) => [field, value]));
}

export const manageChecks: readonly Check[] = [
  {
    name: "every route of the vendor's API says who may call it, and no two are the same",
    run({ dialect: { manage = [] } }) {
      const places = new Set<string>();
      for (const { method, path, scope } of manage) {
        assert.match(path, /^\/[A-Za-z0-9/:._-]*$/);
        const known = scope === 'public' || scope === 'signed-in' || scopes.some((name) => name === scope);
        assert.ok(known, `${method} ${path} asks for "${scope}", which is no scope`);
        const place = `${method} ${path.replaceAll(/:\w+/g, ':')}`;
        assert.ok(!places.has(place), `${place} stands there twice`);
        places.add(place);
      }
    },
  },
  {
    name: 'every request, however senseless, becomes a command or an answer in the vendor’s form',
    run({ dialect: { manage = [], manifest } }) {
      const settings = manifest.configuration.schema['properties'];
      const fields = ['name', 'url', 'enabled', 'events', 'eventTypes', ...Object.keys(settings ?? {})];
      for (const route of manage) {
        for (const body of nonsense(fields)) {
          for (const id of ['', 'x', '../..', 'AZqqRhLgc2fcUrgzYTFt9g', '\u0000'])
            check(route, request(route, id, body));
        }
      }
    },
  },
  {
    name: 'every error of ours has words of the vendor',
    run({ dialect: { presentError } }) {
      if (presentError === undefined) return;
      const none: VendorRequest = {
        parameters: {},
        query: {},
        headers: {},
        body: null,
        base: '',
        scopes: [],
        links: sampleLinks,
        nowMs: 0,
      };
      for (const [code, { status }] of Object.entries(errorTable)) {
        const answer = presentError({ code: code as ErrorCode, status, detail: 'Say what is wrong: this' }, none);
        checkAnswer(answer, 400);
        assert.ok(JSON.stringify(answer.body).includes('this'), `${code} does not say what is wrong`);
      }
    },
  },
];

function request({ path }: VendorRoute, id: string, body: JsonObject | null): VendorRequest {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  return {
    parameters: Object.fromEntries(names.map((name) => [name, id])),
    query: {},
    headers: {},
    body,
    base: 'https://assetwire.example/mount',
    scopes: [],
    links: sampleLinks,
    nowMs: 1_795_000_000_000,
  };
}

function check(route: VendorRoute, asked: VendorRequest): void {
  const parsed = route.parse(asked);
  // Which commands there are is the compiler's to check.
  if (!('command' in parsed) && !('content' in parsed) && !('recording' in parsed)) checkAnswer(parsed, 200);
}

function checkAnswer({ status, body }: VendorAnswer, statusMin: number): void {
  assert.ok(Number.isInteger(status) && status >= statusMin && status <= 599);
  assert.ok(body === null || typeof body === 'string' || JSON.stringify(body) !== '');
}
