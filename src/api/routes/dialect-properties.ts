import { ok, type Route, route } from '../route.ts';
import { array, integer, nullable, object, oneOf, optional, raw, record, string } from '../schema.ts';
import { line } from '../schemas/basics.ts';

const area = 'dialects';

const propertyValue = (annotations: { readonly [keyword: string]: unknown } = {}) =>
  raw<number | boolean>({ type: ['integer', 'boolean'], ...annotations });

const propertySchema = object({
  name: string(),
  title: string(),
  description: string(),
  type: oneOf(['integer', 'boolean']),
  min: optional(integer({ description: 'Of a whole number: included' })),
  max: optional(integer({ description: 'Of a whole number: included' })),
  default: propertyValue(),
  value: propertyValue({ description: 'In force' }),
  source: oneOf(['default', 'api', 'file'], { description: 'Who set it: the last writer counts' }),
  changedAtMs: nullable(integer()),
  changedBy: nullable(string()),
});

const propertiesSchema = object({ properties: array(propertySchema) });
const params = object({ id: line(63) });

const listProperties = route({
  method: 'GET',
  path: '/v1/dialects/{id}/properties',
  operation: 'listDialectProperties',
  area,
  summary: "Settings of a vendor's server that concern all its webhooks in the workspace",
  scope: 'settings:read',
  params,
  answers: { 200: { description: 'Each with the value in force and where it came from', schema: propertiesSchema } },
  async handle({ caller, params: { id } }, { app }) {
    return ok({ properties: await app.dialectProperties.list(caller, id) });
  },
});

const updateProperties = route({
  method: 'PATCH',
  path: '/v1/dialects/{id}/properties',
  operation: 'updateDialectProperties',
  area,
  summary: 'Set properties by name; null takes one back to its default',
  description:
    'For WoodWing Assets: webHooksRetryMaximumAttempts and webHooksFailuresBeforeDisable. They may also stand in the file ' +
    '`cluster-properties.txt` of the data directory; the last writer wins. They count from the next attempt on; what a ' +
    'webhook says in its own policy counts more. For Bynder: which modules there are. Of one that is switched off there ' +
    'are no events: webhooks cannot be made for them, and those that have them are told nothing.',
  scope: 'settings:write',
  params,
  body: object({
    values: record(nullable(propertyValue()), {
      maxProperties: 100,
      description: 'By name; null for the default',
      examples: [{ webHooksRetryMaximumAttempts: 3 }, { workflowEnabled: false }],
    }),
  }),
  answers: { 200: { description: 'All properties as they are now', schema: propertiesSchema } },
  errors: ['conflict'],
  async handle({ caller, params: { id }, body }, { app }) {
    return ok({ properties: await app.dialectProperties.update(caller, id, body.values) });
  },
});

export const dialectPropertyRoutes: readonly Route[] = [listProperties, updateProperties];
