/**
 * What a dialect lets people configure: the schema as the form that is drawn from it, secrets taken out of it, and its
 * limits, enforced by the very code that saves a webhook.
 */
import assert from 'node:assert/strict';
import type { WebhookInput } from '../../app/app.ts';
import { createInputChecks, type InputChecks } from '../../app/webhook-input.ts';
import { AssetwireError, type ErrorCode } from '../../core/errors.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { createEgress } from '../../egress/egress.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import type { Dialect } from '../dialect.ts';
import type { Check, Conformance } from './conformance.ts';
import { compileSchema } from './manifest-checks.ts';

const drawable = ['string', 'boolean', 'integer', 'number', 'array', 'object'];
const secretText = 'a-secret-that-must-not-be-seen';
const target = { transport: 'http', url: 'https://receiver.example/hook' } as const;
const allCredentials = {
  none: { kind: 'none' },
  basic: { kind: 'basic', username: 'u', password: secretText },
  bearer: { kind: 'bearer', token: secretText },
  oauth2: {
    kind: 'oauth2',
    grant: 'password',
    tokenUrl: 'https://auth.example/token',
    username: 'u',
    password: secretText,
    clientId: 'c',
    clientSecret: secretText,
  },
  aws: { kind: 'aws', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: secretText },
} as const;

export const configurationChecks: readonly Check[] = [
  {
    name: 'every setting can be drawn as a field of a form: a type, a title, a description, a default that fits',
    run({ dialect, settings }) {
      const { schema } = dialect.manifest.configuration;
      assert.equal(schema['additionalProperties'], false, 'a setting that nobody knows would be kept');
      checkFields('settings', schema);
      const validate = compileSchema(schema);
      assert.ok(validate(settings ?? {}), `the sample settings: ${JSON.stringify(validate.errors)}`);
      for (const [name, property] of fieldsOf(schema)) {
        const preset = ownValue(property, 'default');
        if (preset === undefined) continue;
        assert.ok(validate({ ...settings, [name]: preset }), `the default of "${name}" does not fit`);
      }
    },
  },
  {
    name: 'secrets among the settings and credentials are taken out before anything is kept or shown',
    run(conformance) {
      const { dialect, settings } = conformance;
      const checks = inputChecks(dialect);
      const { secretFields } = dialect.manifest.configuration;
      const given = { ...settings, ...Object.fromEntries(secretFields.map((field) => [field, secretText])) };
      const checked = checks.check(dialect, { settings: given });
      assert.ok(!JSON.stringify(checked.body).includes(secretText), 'a secret stays among the settings');
      assert.deepEqual(checked.secrets.map(({ name }) => name).sort(), secretFields.map((f) => `settings.${f}`).sort());
      for (const kind of dialect.manifest.capabilities.credentials) {
        const { body } = checks.check(dialect, { credentials: allCredentials[kind] });
        assert.ok(!JSON.stringify(body).includes(secretText), `the secret of ${kind} stays in the open`);
      }
    },
  },
  {
    name: 'limits and abilities are enforced where a webhook is saved, in words that say both sides',
    run: checkLimits,
  },
];

/** A field of a form says what it is. One level of objects is a group of fields. */
function checkFields(at: string, schema: JsonObject): void {
  const names = fieldsOf(schema).map(([name]) => name);
  const required = ownValue(schema, 'required');
  for (const name of isList(required) ? required : []) {
    assert.ok(
      typeof name === 'string' && names.includes(name),
      `${at}: ${JSON.stringify(name)} is required and not there`,
    );
  }
  for (const [name, property] of fieldsOf(schema)) {
    const place = `${at}.${name}`;
    const type = ownValue(property, 'type');
    assert.ok(typeof type === 'string' && drawable.includes(type), `${place} has no type that a form can draw`);
    for (const word of ['title', 'description']) {
      const text = ownValue(property, word);
      assert.ok(typeof text === 'string' && text !== '', `${place} has no ${word}`);
    }
    if (type === 'object') checkFields(place, property);
    if (type !== 'array') continue;
    const items = ownValue(property, 'items');
    assert.ok(isObject(items) && items['type'] === 'string', `${place} must be a list of texts`);
    assert.equal(typeof ownValue(property, 'maxItems'), 'number', `${place} has no end`);
  }
}

function fieldsOf(schema: JsonObject): readonly (readonly [string, JsonObject])[] {
  const properties = ownValue(schema, 'properties');
  return isObject(properties)
    ? Object.entries(properties).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
    : [];
}

function inputChecks(dialect: Dialect): InputChecks {
  const random = createSystemRandom();
  return createInputChecks({
    dialects: new Map([[dialect.manifest.id, dialect]]),
    egress: createEgress({ clock: systemClock, random }),
  });
}

function checkLimits({ dialect }: Conformance): void {
  const { id, capabilities, limits: own, events, reservedHeaders, transports } = dialect.manifest;
  const checks = inputChecks(dialect);
  const refused = (what: string, input: Partial<WebhookInput>, code: ErrorCode, ...words: readonly string[]): void => {
    try {
      checks.check(dialect, input);
    } catch (error) {
      assert.ok(error instanceof AssetwireError, `${what}: ${String(error)}`);
      assert.equal(error.code, code, `${what}: ${error.message}`);
      for (const word of words)
        assert.ok(error.message.includes(word), `${what} does not say "${word}": ${error.message}`);
      return;
    }
    assert.fail(`${what} is accepted`);
  };
  assert.ok(own.customHeadersMax <= limits.customHeadersMax, 'more custom headers than anything lets through');
  assert.ok(own.webhooksMax >= 1 && own.webhooksMax <= limits.webhooksPerWorkspaceMax);
  const headers = Array.from({ length: own.customHeadersMax + 1 }, (_, index) => [`x-${index}`, 'v'] as const);
  if (!capabilities.customHeaders) refused('a custom header', { headers: [['x-one', 'v']] }, 'invalid_request', id);
  else {
    checks.check(dialect, { headers: headers.slice(1) });
    const limit = own.customHeadersMax;
    refused('one custom header too many', { headers }, 'limit_reached', String(limit), String(limit + 1));
    for (const name of reservedHeaders)
      refused(`the header ${name}`, { headers: [[name, 'v']] }, 'header_reserved', name);
  }
  refused('an unknown event', { events: ['no.such.event'] }, 'invalid_event', id, 'no.such.event');
  if (capabilities.noEvents === true) checks.check(dialect, { events: [] });
  else refused('a webhook without an event', { events: [] }, 'invalid_event', id);
  const [first = '', second = ''] = events.map(({ name }) => name);
  if (capabilities.singleEvent) refused('two events', { events: [first, second] }, 'invalid_event', 'one event');
  else checks.check(dialect, { events: [first, second, '*'] });
  if (transports.includes('http')) checks.check(dialect, { target });
  for (const other of foreignTargets) {
    if (!transports.includes(other.transport))
      refused(`the transport ${other.transport}`, { target: other }, 'invalid_request', id, other.transport);
  }
  for (const credentials of Object.values(allCredentials)) {
    if (capabilities.credentials.includes(credentials.kind)) checks.check(dialect, { credentials });
    else refused(`credentials ${credentials.kind}`, { credentials }, 'invalid_request', id, credentials.kind);
  }
  const stray: { readonly [name: string]: JsonValue } = { noSuchSetting: true };
  refused('an unknown setting', { settings: stray }, 'invalid_settings', id);
}

const foreignTargets = [
  target,
  { transport: 'sqs', queue: 'arn:aws:sqs:eu-central-1:000000000000:queue' },
  { transport: 'email', address: 'ada@receiver.example' },
] as const;
