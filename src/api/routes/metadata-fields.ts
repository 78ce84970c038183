import { metadataFieldTypes } from '../../core/metadata-field.ts';
import type { Answer, Route } from '../route.ts';
import { ok, route } from '../route.ts';
import { object, oneOf, optional } from '../schema.ts';
import { cursor, limit, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import {
  metadataFieldInputSchema,
  metadataFieldName,
  metadataFieldPatchSchema,
  metadataFieldSchema,
  metadataRulesPatchSchema,
  metadataRulesSchema,
  removalQuery,
} from '../schemas/metadata-field.ts';
import type { MetadataFieldView, Written } from '../../app/app.ts';
import { emptyAnswer, writtenAnswer } from './assets.ts';

const area = 'metadata-fields';

function fieldAnswer(written: Written<MetadataFieldView>): Answer {
  return writtenAnswer(written, ({ name }) => `/v1/metadata-fields/${encodeURIComponent(name)}`);
}

const createField = route({
  method: 'POST',
  path: '/v1/metadata-fields',
  operation: 'createMetadataField',
  area,
  summary: 'Define a field of custom metadata',
  description:
    'From then on uploads and patches are checked against it. Assets that are there already stay as they are: a write answers for the ' +
    'fields it changes, and `metadataProblems` of an asset says what does not fit.',
  scope: 'settings:write',
  idempotent: true,
  body: metadataFieldInputSchema,
  answers: { 201: { description: 'The field', schema: metadataFieldSchema } },
  errors: ['already_exists', 'limit_reached', 'conflict'],
  async handle({ caller, body, idempotency }, { app }) {
    return fieldAnswer(await app.metadataFields.create(caller, body, idempotency));
  },
});

const listFields = route({
  method: 'GET',
  path: '/v1/metadata-fields',
  operation: 'listMetadataFields',
  area,
  summary: 'List metadata fields in their order',
  description: 'What may be said of assets is known to whoever may see one of them, or may say it.',
  scope: 'assets:read',
  orScope: 'assets:write',
  grantable: true,
  query: object({ limit: optional(limit), cursor: optional(cursor), type: optional(oneOf(metadataFieldTypes)) }),
  answers: { 200: { description: 'A page of fields', schema: pageOf(metadataFieldSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.metadataFields.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getField = route({
  method: 'GET',
  path: '/v1/metadata-fields/{name}',
  operation: 'getMetadataField',
  area,
  summary: 'Show a metadata field',
  scope: 'assets:read',
  orScope: 'assets:write',
  grantable: true,
  params: metadataFieldName,
  answers: { 200: { description: 'The field', schema: metadataFieldSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.metadataFields.get(caller, params.name));
  },
});

const updateField = route({
  method: 'PATCH',
  path: '/v1/metadata-fields/{name}',
  operation: 'updateMetadataField',
  area,
  summary: 'Change a metadata field: labels, description, required, default, options, validation, its place',
  description:
    'What is absent stays, null takes away; options and validation are replaced whole. Name and type never change. Assets keep the values they have, ' +
    'but for options that `replace` gives another value: a job follows with the assets.',
  scope: 'settings:write',
  idempotent: true,
  params: metadataFieldName,
  body: metadataFieldPatchSchema,
  answers: { 200: { description: 'The field', schema: metadataFieldSchema } },
  errors: ['limit_reached', 'conflict'],
  async handle({ caller, params, body, idempotency }, { app }) {
    return fieldAnswer(await app.metadataFields.update(caller, { name: params.name, patch: body }, idempotency));
  },
});

const deleteField = route({
  method: 'DELETE',
  path: '/v1/metadata-fields/{name}',
  operation: 'deleteMetadataField',
  area,
  summary: 'Delete the definition of a metadata field; assets keep the values they have, or lose them',
  scope: 'settings:write',
  idempotent: true,
  params: metadataFieldName,
  query: removalQuery,
  answers: { 204: { description: 'Deleted' } },
  errors: ['conflict'],
  async handle({ caller, params, query, idempotency }, { app }) {
    const options = { ...query, ...(idempotency === undefined ? {} : { idempotency }) };
    return emptyAnswer(await app.metadataFields.remove(caller, params.name, options));
  },
});

const getRules = route({
  method: 'GET',
  path: '/v1/metadata-rules',
  operation: 'getMetadataRules',
  area,
  summary: 'Show how strictly the definitions of metadata are held to',
  scope: 'assets:read',
  orScope: 'assets:write',
  grantable: true,
  answers: { 200: { description: 'The rules', schema: metadataRulesSchema } },
  async handle({ caller }, { app }) {
    return ok(await app.metadataFields.rules(caller));
  },
});

const updateRules = route({
  method: 'PATCH',
  path: '/v1/metadata-rules',
  operation: 'updateMetadataRules',
  area,
  summary: 'Change how strictly the definitions of metadata are held to',
  description: 'Rules mean nothing in a workspace without definitions: there every field is taken as it comes.',
  scope: 'settings:write',
  idempotent: true,
  body: metadataRulesPatchSchema,
  answers: { 200: { description: 'The rules', schema: metadataRulesSchema } },
  errors: ['conflict'],
  async handle({ caller, body, idempotency }, { app }) {
    return writtenAnswer(await app.metadataFields.setRules(caller, body, idempotency), () => '/v1/metadata-rules');
  },
});

export const metadataFieldRoutes: readonly Route[] = [
  createField,
  listFields,
  getField,
  updateField,
  deleteField,
  getRules,
  updateRules,
];
