import { exportFormats, exportKinds, exportStates } from '../../app/export-state.ts';
import { limits } from '../../core/limits.ts';
import { contentDisposition } from '../content-disposition.ts';
import { ok, type Route, route } from '../route.ts';
import { object, oneOf, optional, string } from '../schema.ts';
import { byId, cursor, limit, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { exportInputSchema, exportSchema } from '../schemas/export.ts';
import { writtenAnswer } from './assets.ts';

const area = 'exports';
const hours = limits.exportKeptMs / 3_600_000;

const createExport = route({
  method: 'POST',
  path: '/v1/exports',
  operation: 'createExport',
  area,
  summary: 'Write a list into a file to be fetched',
  description:
    'Every row made before now that the filters let through, each as it is when it is read; nothing made later. Written in the ' +
    `background, resumed after a restart, kept for ${hours} hours. CSV is RFC 4180 in UTF-8 without a byte order mark; cells that a ` +
    'spreadsheet would take for a formula get an apostrophe in front. Needs the scope to read what is exported: ' +
    '`deliveries:read` for deliveries and attempts, `assets:read` for changes and assets, `settings:read` for audit.',
  scope: 'signed-in',
  idempotent: true,
  body: exportInputSchema,
  answers: { 202: { description: 'The export, under way', schema: exportSchema } },
  errors: ['limit_reached', 'conflict', 'forbidden'],
  async handle({ caller, body, idempotency }, { app }) {
    return writtenAnswer(await app.exports.create(caller, body, idempotency), (made) => `/v1/exports/${made.id}`);
  },
});

const listExports = route({
  method: 'GET',
  path: '/v1/exports',
  operation: 'listExports',
  area,
  summary: 'List exports, newest first',
  description: 'Those of what the caller may read.',
  scope: 'signed-in',
  query: object({
    limit: optional(limit),
    cursor: optional(cursor),
    state: optional(oneOf(exportStates)),
    of: optional(oneOf(exportKinds)),
  }),
  answers: { 200: { description: 'A page of exports', schema: pageOf(exportSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    const { limit: _limit, cursor: _cursor, ...filters } = query;
    return ok(shownPage(await app.exports.list(caller, { ...filters, ...pageOptions(query) })));
  },
});

const getExport = route({
  method: 'GET',
  path: '/v1/exports/{id}',
  operation: 'getExport',
  area,
  summary: 'Show how far an export has come',
  scope: 'signed-in',
  params: byId('export'),
  answers: { 200: { description: 'The export', schema: exportSchema } },
  errors: ['forbidden'],
  async handle({ caller, params }, { app }) {
    return ok(await app.exports.get(caller, params.id));
  },
});

const getExportContent = route({
  method: 'GET',
  path: '/v1/exports/{id}/content',
  operation: 'getExportContent',
  area,
  summary: 'Fetch the file of an export that is done',
  description: `NDJSON (\`application/x-ndjson\`) or CSV (\`text/csv\`), by its format: ${exportFormats.join(', ')}.`,
  scope: 'signed-in',
  params: byId('export'),
  answers: {
    200: {
      description: 'The file',
      contentType: '*/*',
      schema: string(),
      headers: ['ContentDisposition'],
    },
  },
  errors: ['not_ready', 'forbidden'],
  async handle({ caller, params }, { app }) {
    const { stream, bytes, mimeType, name } = await app.exports.content(caller, params.id);
    return {
      status: 200,
      stream,
      bytes,
      contentType: mimeType,
      style: 'foreign',
      headers: { 'content-disposition': contentDisposition('attachment', name) },
    };
  },
});

const removeExport = route({
  method: 'DELETE',
  path: '/v1/exports/{id}',
  operation: 'removeExport',
  area,
  summary: 'Stop an export, or remove its file before its time',
  scope: 'signed-in',
  params: byId('export'),
  answers: { 200: { description: 'The export, on its way out', schema: exportSchema } },
  errors: ['conflict', 'forbidden'],
  async handle({ caller, params }, { app }) {
    return ok(await app.exports.remove(caller, params.id));
  },
});

export const exportRoutes: readonly Route[] = [createExport, listExports, getExport, getExportContent, removeExport];
