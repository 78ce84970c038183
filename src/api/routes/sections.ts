import type { Answer, Route } from '../route.ts';
import { ok, route } from '../route.ts';
import { pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import {
  memberListQuery,
  memberResultsSchema,
  membersSchema,
  sectionInputSchema,
  sectionListQuery,
  sectionPatchSchema,
  sectionReference,
  sectionSchema,
  startedSchema,
} from '../schemas/folder.ts';
import { assetViewSchema } from '../schemas/asset.ts';
import { versionTag } from '../if-match.ts';
import type { SectionView, Written } from '../../app/app.ts';
import { writeOptionsOf, writtenAnswer } from './assets.ts';
import { removalAnswer } from './folders.ts';

const area = 'sections';

function sectionAnswer(written: Written<SectionView>): Answer {
  const answer = writtenAnswer(written, ({ id }) => `/v1/sections/${id}`);
  return { ...answer, headers: { ...answer.headers, etag: versionTag(written.body.version) } };
}

const createSection = route({
  method: 'POST',
  path: '/v1/sections',
  operation: 'createSection',
  area,
  summary: 'Make a section: an ordered group that divides the workspace, or a collection',
  description:
    'An asset is in one section at most and carries its key as `info.section`, so putting it into another is told as `asset.info_changed`. Sections themselves have no events.',
  scope: 'settings:write',
  idempotent: true,
  body: sectionInputSchema,
  answers: { 201: { description: 'The section', schema: sectionSchema, headers: ['ETag'] } },
  errors: ['already_exists', 'conflict', 'limit_reached'],
  async handle({ caller, body, idempotency }, { app }) {
    return sectionAnswer(await app.sections.create(caller, body, idempotency));
  },
});

const listSections = route({
  method: 'GET',
  path: '/v1/sections',
  operation: 'listSections',
  area,
  summary: 'List sections in the order of their positions',
  scope: 'assets:read',
  query: sectionListQuery,
  answers: { 200: { description: 'A page of sections', schema: pageOf(sectionSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.sections.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getSection = route({
  method: 'GET',
  path: '/v1/sections/{reference}',
  operation: 'getSection',
  area,
  summary: 'Show a section, and how many assets are in it',
  scope: 'assets:read',
  params: sectionReference,
  answers: { 200: { description: 'The section', schema: sectionSchema, headers: ['ETag'] } },
  async handle({ caller, params }, { app }) {
    const section = await app.sections.get(caller, params.reference);
    return { status: 200, json: section, headers: { etag: versionTag(section.version) } };
  },
});

const updateSection = route({
  method: 'PATCH',
  path: '/v1/sections/{reference}',
  operation: 'updateSection',
  area,
  summary: 'Rename a section, or put it elsewhere in the order',
  description: 'The key stays, so no asset changes.',
  scope: 'settings:write',
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: sectionReference,
  body: sectionPatchSchema,
  answers: { 200: { description: 'The section', schema: sectionSchema, headers: ['ETag'] } },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, params, body, idempotency, request }, { app }) {
    const { expectedVersion, ...patch } = body;
    const said = expectedVersion === undefined ? {} : { expected: expectedVersion };
    const options = { ...said, ...writeOptionsOf({ request, idempotency }) };
    return sectionAnswer(await app.sections.update(caller, params.reference, { ...patch, ...options }));
  },
});

const deleteSection = route({
  method: 'DELETE',
  path: '/v1/sections/{reference}',
  operation: 'deleteSection',
  area,
  summary: 'Delete a section',
  description: 'The assets stay. Where there are any, it is taken off them by a task (202), one change each.',
  scope: 'settings:write',
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: sectionReference,
  answers: {
    202: { description: 'Deleted; its assets follow by a task', schema: startedSchema },
    204: { description: 'Deleted: no asset was in it' },
  },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, params, idempotency, request }, { app }) {
    return removalAnswer(await app.sections.remove(caller, params.reference, writeOptionsOf({ request, idempotency })));
  },
});

const listSectionAssets = route({
  method: 'GET',
  path: '/v1/sections/{reference}/assets',
  operation: 'listSectionAssets',
  area,
  summary: 'List the assets of a section, oldest first',
  scope: 'assets:read',
  params: sectionReference,
  query: memberListQuery,
  answers: { 200: { description: 'A page of assets', schema: pageOf(assetViewSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, params, query }, { app }) {
    return ok(shownPage(await app.sections.assets(caller, params.reference, { ...query, ...pageOptions(query) })));
  },
});

const changeSectionAssets = route({
  method: 'POST',
  path: '/v1/sections/{reference}/assets',
  operation: 'changeSectionAssets',
  area,
  summary: 'Put assets into a section and take others out, up to 1,000 at once',
  description:
    'Each asset on its own: one `asset.info_changed` for each that changes. What one is refused for is in its result.',
  scope: 'assets:write',
  params: sectionReference,
  items: ({ body: { add = [], remove = [] } }) => Math.max(1, add.length + remove.length),
  body: membersSchema,
  answers: { 200: { description: 'What came of each asset', schema: memberResultsSchema } },
  errors: ['conflict'],
  async handle({ caller, params, body }, { app }) {
    return ok(await app.sections.change(caller, params.reference, body));
  },
});

export const sectionRoutes: readonly Route[] = [
  createSection,
  listSections,
  getSection,
  updateSection,
  deleteSection,
  listSectionAssets,
  changeSectionAssets,
];
