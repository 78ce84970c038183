/** The console's types are written by hand, so that they name only what it reads; here they are held against the API's document. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiDocument } from '../../src/api/openapi.ts';
import { allRoutes } from '../../src/api/testing/test-server.ts';
import { readConsoleTypes, type Schema } from '../support/console-types.ts';

const document = openApiDocument(allRoutes(), { version: '0', url: 'http://127.0.0.1' }) as unknown as {
  readonly components: { readonly schemas: { readonly [name: string]: Schema } };
  readonly paths: {
    readonly [path: string]: {
      readonly [method: string]: {
        readonly responses: {
          readonly [status: string]: { readonly content: { readonly [type: string]: { readonly schema: Schema } } };
        };
      };
    };
  };
};
const { schemas } = document.components;
const answer = (path: string): Schema =>
  document.paths[path]?.['get']?.responses['200']?.content['application/json']?.schema ?? assert.fail(path);

/** What has another name there, or comes with more in the answer to its creation. */
const others: { readonly [type: string]: readonly Schema[] } = {
  Webhook: [schemas['Webhook'] ?? {}, schemas['CreatedWebhook'] ?? {}],
  Key: [schemas['Key'] ?? {}, schemas['CreatedKey'] ?? {}],
  User: [schemas['User'] ?? {}, schemas['CreatedUser'] ?? {}],
  WebhookSecret: [(schemas['Webhook']?.properties?.['secrets'] as { readonly items?: Schema }).items ?? {}],
  CertificateFacts: [schemas['Webhook']?.properties?.['tls']?.properties?.['certificate'] ?? {}],
  MetadataOption: [(schemas['MetadataField']?.properties?.['options'] as { readonly items?: Schema }).items ?? {}],
  MetadataValidation: [schemas['MetadataField']?.properties?.['validation'] ?? {}],
  MetadataMapping: [(schemas['MetadataMappings']?.properties?.['mappings'] as { readonly items?: Schema }).items ?? {}],
  StatsCounts: [schemas['Stats']?.properties?.['totals'] ?? {}],
  SettingsView: [answer('/v1/settings')],
};

/** Not answers: what is asked, what the console makes of answers, or data whose schema is a dialect's own. */
const noAnswers: ReadonlySet<string> = new Set([
  ...['Json', 'JsonObject', 'JsonSchema', 'Headers', 'DeliveryState', 'Percentiles', 'SpaceKind', 'AssetPage'],
  ...['Manifest', 'EventDescription', 'Policy', 'Property', 'Protocol', 'FormPart', 'PartName'],
  ...['FieldProblem', 'ProblemDocument', 'Query', 'Method', 'AskOptions', 'Sent', 'StreamState', 'Options'],
]);

const read = readConsoleTypes(schemas);

test('what the console reads of an answer is in the API, of the type that it takes it for', () => {
  const held = [...read.named.keys()].filter((name) => others[name] !== undefined || schemas[name] !== undefined);
  assert.ok(held.length >= 30, `only ${held.length} types are held against the API`);
  const problems = held
    .filter((name) => !noAnswers.has(name) || others[name] !== undefined)
    .flatMap((name) => read.problems(name, others[name] ?? [schemas[name] ?? {}]));
  assert.deepEqual(problems, []);
});

test('no type of an answer is left out', () => {
  const loose = read.exported.filter(
    (name) => schemas[name] === undefined && others[name] === undefined && !noAnswers.has(name),
  );
  assert.deepEqual(loose, [], 'name it as the API does, or say in this test what it is');
});

test('a field that the API does not have, may leave out, or has otherwise is found', () => {
  const asset = schemas['Asset'] ?? {};
  const without = {
    ...asset,
    properties: { ...asset.properties, version: { type: ['string', 'null'] } },
    required: ['id'],
  };
  const problems = read.problems('Asset', [without]);
  assert.ok(problems.includes('Asset.version may be null'), problems.join('; '));
  assert.ok(problems.includes('Asset.version is number here and string in the API'));
  assert.ok(problems.includes('Asset.state may be absent'));
  const { version: _, ...rest } = asset.properties ?? {};
  assert.deepEqual(read.problems('Asset', [{ ...asset, properties: rest, additionalProperties: false }]), [
    'Asset.version is not in the API',
  ]);
});
