/** What a message says of itself in headers, whatever stands in the change that it tells of. */
import assert from 'node:assert/strict';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Webhook } from '../../core/webhook.ts';
import { checkHeaders, createHeaderGate } from '../../egress/headers.ts';
import { type Sample, samplesOf } from './behaviour-checks.ts';
import type { Check, Conformance } from './conformance.ts';
import { prepared } from './sending-checks.ts';
import { sampleWebhook } from './sample-webhook.ts';

export const headerChecks: readonly Check[] = [
  {
    name: 'HX-08 whatever stands in a change or a name, every header that is made of it can be sent, and no other comes along',
    async run(conformance) {
      const unsendable = createHeaderGate();
      for (const webhook of webhooksOf(conformance)) {
        for (const sample of samplesOf(conformance)) {
          const trial = { webhook, revision: webhook };
          const plain = await prepared(conformance, { ...trial, sample });
          const { headers } = await prepared(conformance, { ...trial, sample: hostile(sample) });
          const { event } = sample.notification;
          assert.equal(unsendable(headers), null, `${event}: ${JSON.stringify(headers)}`);
          assert.deepEqual(namesOf(headers), namesOf(plain.headers), event);
        }
      }
    },
  },
  {
    name: 'HX-15 bodies are sent as they are: no message names a coding of its content, and no webhook may',
    async run(conformance) {
      for (const webhook of webhooksOf(conformance)) {
        for (const sample of samplesOf(conformance)) {
          const { headers } = await prepared(conformance, { sample, webhook, revision: webhook });
          assert.ok(!namesOf(headers).includes('content-encoding'), sample.notification.event);
        }
      }
      for (const name of ['Content-Encoding', 'content-encoding', 'Transfer-Encoding'])
        assert.throws(() => checkHeaders([[name, 'gzip']]), { code: 'header_reserved' });
    },
  },
];

/** One for each value of each setting that has a choice of them: some of these decide what becomes a header. */
function webhooksOf({ dialect, settings = {} }: Conformance): readonly Webhook[] {
  const name = 'Shop\r\nX-Injected: 1';
  const properties = ownValue(dialect.manifest.configuration.schema, 'properties');
  const choices = Object.entries(isObject(properties) ? properties : {}).flatMap(([field, schema]) => {
    const values = isObject(schema) ? ownValue(schema, 'enum') : undefined;
    return isList(values) ? values.map((value) => ({ ...settings, [field]: value })) : [];
  });
  return [settings, ...choices].map((chosen) => ({ ...sampleWebhook(dialect, { settings: chosen }), name }));
}

const poison = '\r\nX-Injected: 1\0 \u010A\u{1F600} ';

function hostile({ change, notification }: Sample): Sample {
  const { subject, actor } = change;
  return {
    notification,
    change: {
      ...change,
      subject: { ...subject, externalId: `${subject.externalId ?? ''}${poison}` },
      actor: { ...actor, name: poison },
      before: change.before === null ? null : poisoned(change.before),
      after: change.after === null ? null : poisoned(change.after),
    },
  };
}

/** `kind` and the like say what a thing is, and are one of a few words. */
function poisoned(state: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(state).map(([field, value]) => [
      field,
      field === 'kind' || field === 'state' ? value : spoilt(value),
    ]),
  );
}

function spoilt(value: JsonValue): JsonValue {
  if (typeof value === 'string') return `${value}${poison}`;
  if (isList(value)) return value.map(spoilt);
  return isObject(value) ? poisoned(value) : value;
}

function namesOf(headers: readonly (readonly [string, string])[]): readonly string[] {
  return headers.map(([name]) => name.toLowerCase());
}
