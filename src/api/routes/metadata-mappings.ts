import type { MetadataMappingsView } from '../../app/app.ts';
import { ifMatchOf, versionTag } from '../if-match.ts';
import { type Answer, ok, type Route, route } from '../route.ts';
import { boolean, object, optional } from '../schema.ts';
import { byId, pageOf, pageOptions, pageQuery, shownPage } from '../schemas/basics.ts';
import { metadataJobSchema, metadataMappingsInputSchema, metadataMappingsSchema } from '../schemas/metadata-field.ts';

const area = 'metadata-mappings';

/** With the tag of what is answered. */
function mappingsAnswer(view: MetadataMappingsView): Answer {
  return { status: 200, json: view, headers: { etag: versionTag(view.version) } };
}

const getMappings = route({
  method: 'GET',
  path: '/v1/metadata-mappings',
  operation: 'getMetadataMappings',
  area,
  summary: 'Show which embedded fields (EXIF, IPTC, XMP) become metadata',
  scope: 'assets:read',
  answers: { 200: { description: 'The mappings, in their order', schema: metadataMappingsSchema, headers: ['ETag'] } },
  async handle({ caller }, { app }) {
    return mappingsAnswer(await app.metadataMappings.get(caller));
  },
});

const setMappings = route({
  method: 'PUT',
  path: '/v1/metadata-mappings',
  operation: 'setMetadataMappings',
  area,
  summary: 'Say which embedded fields become metadata; replaces all that was said before',
  description:
    'Applied when a file is inspected, before the asset is told as ready, so that the first notification has it. A value that does not fit the ' +
    'field it is to go to is left out. Assets that are there already follow by `POST …/apply`. What was shown may be sent back as it is, edited: where `version` is ' +
    'another meanwhile it is refused with 409, by `If-Match` with 412.',
  scope: 'settings:write',
  requestHeaders: ['If-Match'],
  body: metadataMappingsInputSchema,
  answers: { 200: { description: 'The mappings', schema: metadataMappingsSchema, headers: ['ETag'] } },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, body, request }, { app }) {
    // Where both are given, If-Match counts.
    const expected = ifMatchOf(request) ?? body.version;
    return mappingsAnswer(await app.metadataMappings.set(caller, body.mappings, expected));
  },
});

const applyMappings = route({
  method: 'POST',
  path: '/v1/metadata-mappings/apply',
  operation: 'applyMetadataMappings',
  area,
  summary: 'Apply the mappings to the assets that are there already',
  description: 'A job, one at a time; each asset that changes is a change of its own. A dry run counts only.',
  scope: 'settings:write',
  body: object({ dryRun: optional(boolean()) }),
  bodyOptional: true,
  answers: { 202: { description: 'The job', schema: metadataJobSchema } },
  errors: ['already_exists', 'conflict'],
  async handle({ caller, body }, { app }) {
    return { status: 202, json: await app.metadataMappings.apply(caller, body) };
  },
});

const listJobs = route({
  method: 'GET',
  path: '/v1/metadata-jobs',
  operation: 'listMetadataJobs',
  area,
  summary: 'List work on the metadata of many assets, newest first',
  scope: 'assets:read',
  query: pageQuery,
  answers: { 200: { description: 'A page of jobs', schema: pageOf(metadataJobSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.metadataMappings.jobs(caller, pageOptions(query))));
  },
});

const getJob = route({
  method: 'GET',
  path: '/v1/metadata-jobs/{id}',
  operation: 'getMetadataJob',
  area,
  summary: 'Show such work and how far it has come',
  scope: 'assets:read',
  params: byId('metadataJob'),
  answers: { 200: { description: 'The job', schema: metadataJobSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.metadataMappings.job(caller, params.id));
  },
});

const cancelJob = route({
  method: 'DELETE',
  path: '/v1/metadata-jobs/{id}',
  operation: 'cancelMetadataJob',
  area,
  summary: 'Stop such work; what it changed stays changed',
  scope: 'settings:write',
  params: byId('metadataJob'),
  answers: { 200: { description: 'The job', schema: metadataJobSchema } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    return ok(await app.metadataMappings.cancel(caller, params.id));
  },
});

export const metadataMappingRoutes: readonly Route[] = [
  getMappings,
  setMappings,
  applyMappings,
  listJobs,
  getJob,
  cancelJob,
];
