import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { changeKinds } from '../../core/change.ts';
import { eventsOf } from '../../core/event-table.ts';
import { isObject } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import { policyProblems } from '../../core/policy-resolution.ts';
import type { Check } from './conformance.ts';

/** Names of settings that can hardly be anything but a secret. */
const secretName = /secret|password|token|api_?key|private/i;
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Strict: a keyword that is mistyped or cannot hold is an error. What a receiver generates from a schema must mean the same. */
const strict = {
  strict: true,
  allowUnionTypes: true,
  strictRequired: false,
  validateFormats: false,
  allErrors: true,
} as const;
const compiled = new WeakMap<JsonObject, ValidateFunction>();

/** Compiled once: the same schema is asked for every sample. Throws where it is no schema. */
export function compileSchema(schema: JsonObject): ValidateFunction {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = new Ajv2020(strict).compile(schema);
    compiled.set(schema, validate);
  }
  return validate;
}

/** What the manifest and the event table must say, read without calling anything. */
export const manifestChecks: readonly Check[] = [
  {
    name: 'every change kind is mapped to events of the manifest or not supported with a reason',
    run({ dialect }) {
      const known = new Set(dialect.manifest.events.map(({ name }) => name));
      for (const kind of changeKinds) {
        assert.ok(Object.hasOwn(dialect.events, kind), `${kind} is not answered`);
        const row = dialect.events[kind];
        if ('notSupported' in row)
          assert.ok(row.notSupported.length >= 10, `${kind} is not supported without a reason`);
        else assert.ok(row.length > 0, `${kind} is mapped to nothing: say notSupported and why`);
        for (const event of eventsOf(dialect.events, kind))
          assert.ok(known.has(event), `${kind}: "${event}" is not in the manifest`);
      }
    },
  },
  {
    name: 'a dialect that asks an endpoint first says how, and no other does',
    run({ dialect: { manifest } }) {
      assert.equal(manifest.handshake !== undefined, manifest.capabilities.handshake);
    },
  },
  {
    name: 'every event of the manifest is told once and names the change kinds it comes from',
    run({ dialect }) {
      const seen = new Set<string>();
      for (const { name, changeKinds: kinds, summary, fires } of dialect.manifest.events) {
        assert.match(name, /^[A-Za-z0-9_./-]{1,128}$/);
        assert.ok(!seen.has(name), `"${name}" is listed twice`);
        seen.add(name);
        assert.ok(summary !== '' && fires !== '', `"${name}" does not say when it fires`);
        const real = changeKinds.filter((kind) => eventsOf(dialect.events, kind).includes(name));
        assert.deepEqual([...kinds].sort(), [...real].sort(), `"${name}" comes from other change kinds than it says`);
      }
    },
  },
  {
    name: 'every schema compiles strictly, accepts its example and refuses an empty object and one with more in it',
    run({ dialect }) {
      for (const { name, schema, example } of dialect.manifest.events) {
        const validate = compileSchema(schema);
        assert.ok(validate(example), `the example of "${name}": ${JSON.stringify(validate.errors)}`);
        assert.ok(!validate({}), `the schema of "${name}" accepts anything`);
        assert.ok(!validate({ ...example, notInAnyVendorsBody: 1 }), `the schema of "${name}" is not closed`);
      }
    },
  },
  {
    name: 'schemas and examples of events are made when somebody looks, not by every start',
    run({ dialect }) {
      for (const event of dialect.manifest.events) {
        for (const part of ['schema', 'example']) {
          assert.ok(Object.getOwnPropertyDescriptor(event, part)?.get !== undefined, `${part} of "${event.name}"`);
        }
        assert.equal(event.example, event.example, 'made once');
      }
    },
  },
  {
    name: 'the manifest is complete and its policy is within bounds',
    run({ dialect: { manifest } }) {
      assert.match(manifest.id, /^[a-z][a-z0-9]{1,31}$/);
      assert.ok(manifest.title !== '' && manifest.summary !== '' && manifest.signing.summary !== '');
      assert.ok(manifest.sources.length > 0, 'no source is named');
      for (const { url, readOn } of manifest.sources) {
        assert.equal(new URL(url).protocol, 'https:');
        assert.match(readOn, /^\d{4}-\d{2}-\d{2}$/);
      }
      assert.ok(manifest.transports.length > 0 && manifest.capabilities.credentials.length > 0);
      const { webhooksMaxProperty, ...numbers } = manifest.limits;
      for (const limit of Object.values(numbers)) assert.ok(Number.isInteger(limit) && limit >= 0);
      if (webhooksMaxProperty !== undefined) {
        const property = manifest.properties?.find(({ name }) => name === webhooksMaxProperty);
        assert.equal(
          property?.default,
          numbers.webhooksMax,
          'the property that raises webhooksMax says another number',
        );
      }
      assert.deepEqual(policyProblems(manifest.policy), []);
      for (const [transport, policy] of Object.entries(manifest.policyByTransport ?? {})) {
        assert.ok(
          manifest.transports.some((kind) => kind === transport),
          `a policy for ${transport}, which it has not`,
        );
        assert.deepEqual(policyProblems(policy), []);
      }
    },
  },
  {
    name: 'its form has each part once, and names fields that its configuration has',
    run({ dialect: { manifest } }) {
      const form = manifest.form ?? [];
      const parts = form.flatMap(({ part }) => (part === 'settings' ? [] : [part]));
      assert.equal(new Set(parts).size, parts.length, `a part stands twice: ${parts.join(', ')}`);
      const known = Object.keys((manifest.configuration.schema['properties'] ?? {}) as object);
      const fields = form.flatMap((one) => one.fields ?? []);
      assert.equal(new Set(fields).size, fields.length, `a field stands twice: ${fields.join(', ')}`);
      for (const field of fields) assert.ok(known.includes(field), `there is no setting "${field}"`);
      for (const { part, title } of form) {
        assert.ok(title.trim() !== '', `${part} has no title`);
        assert.ok(part !== 'headers' || manifest.capabilities.customHeaders, 'it takes no headers');
        assert.ok(part !== 'credentials' || manifest.capabilities.credentials.length > 1, 'it takes no credentials');
      }
    },
  },
  {
    name: 'every header that a signature uses is reserved, in lower case',
    run({ dialect: { manifest } }) {
      for (const name of manifest.reservedHeaders) assert.match(name, headerName);
      for (const name of manifest.signing.headers) {
        assert.ok(
          manifest.reservedHeaders.includes(name.toLowerCase()),
          `"${name}" could be overwritten by a custom header`,
        );
      }
    },
  },
  {
    name: 'every setting that holds a secret is named as one',
    run({ dialect: { manifest } }) {
      const { schema, secretFields } = manifest.configuration;
      compileSchema(schema);
      const properties = schema['properties'];
      const names = isObject(properties) ? Object.keys(properties) : [];
      for (const field of secretFields) assert.ok(names.includes(field), `the secret field "${field}" is no setting`);
      for (const name of names) {
        if (secretName.test(name))
          assert.ok(secretFields.includes(name), `"${name}" would be stored and shown in the open`);
      }
    },
  },
];
