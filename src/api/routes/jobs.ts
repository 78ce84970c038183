import type { JobView, Written } from '../../app/app.ts';
import { versionTag } from '../if-match.ts';
import { type Answer, noContent, ok, type Route, route } from '../route.ts';
import { byId, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { jobInputSchema, jobListQuery, jobPatchSchema, jobSchema } from '../schemas/job.ts';
import { writeOptionsOf, writtenAnswer } from './assets.ts';

const area = 'jobs';

function jobAnswer(written: Written<JobView>): Answer {
  const answer = writtenAnswer(written, ({ id }) => `/v1/jobs/${id}`);
  return { ...answer, headers: { ...answer.headers, etag: versionTag(written.body.version) } };
}

const createJob = route({
  method: 'POST',
  path: '/v1/jobs',
  operation: 'createJob',
  area,
  summary: 'Make a workflow job',
  description: 'Told as `workflow_job.created`; to Bynder receivers as `workflow.job.create`.',
  scope: 'assets:write',
  idempotent: true,
  body: jobInputSchema,
  answers: { 201: { description: 'The job', schema: jobSchema, headers: ['ETag'] } },
  errors: ['conflict', 'limit_reached'],
  async handle({ caller, body, idempotency }, { app }) {
    return jobAnswer(await app.jobs.create(caller, body, idempotency));
  },
});

const listJobs = route({
  method: 'GET',
  path: '/v1/jobs',
  operation: 'listJobs',
  area,
  summary: 'List workflow jobs, newest first',
  scope: 'assets:read',
  query: jobListQuery,
  answers: { 200: { description: 'A page of jobs', schema: pageOf(jobSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.jobs.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getJob = route({
  method: 'GET',
  path: '/v1/jobs/{id}',
  operation: 'getJob',
  area,
  summary: 'Show a workflow job',
  scope: 'assets:read',
  params: byId('workflowJob'),
  answers: { 200: { description: 'The job', schema: jobSchema, headers: ['ETag'] } },
  async handle({ caller, params }, { app }) {
    const job = await app.jobs.get(caller, params.id);
    return { status: 200, json: job, headers: { etag: versionTag(job.version) } };
  },
});

const updateJob = route({
  method: 'PATCH',
  path: '/v1/jobs/{id}',
  operation: 'updateJob',
  area,
  summary: 'Change a workflow job: its status, its deadline, its assets',
  description:
    'What is absent stays, null takes a field away, `assets` is the whole list. Told as `workflow_job.changed`.',
  scope: 'assets:write',
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: byId('workflowJob'),
  body: jobPatchSchema,
  answers: { 200: { description: 'The job', schema: jobSchema, headers: ['ETag'] } },
  errors: ['conflict', 'precondition_failed', 'limit_reached'],
  async handle({ caller, params, body, idempotency, request }, { app }) {
    const { expectedVersion, ...patch } = body;
    const said = expectedVersion === undefined ? {} : { expected: expectedVersion };
    const options = { ...said, ...writeOptionsOf({ request, idempotency }) };
    return jobAnswer(await app.jobs.update(caller, params.id, { ...patch, ...options }));
  },
});

const deleteJob = route({
  method: 'DELETE',
  path: '/v1/jobs/{id}',
  operation: 'deleteJob',
  area,
  summary: 'Delete a workflow job',
  description: 'The assets that it was about stay. Told as `workflow_job.removed`.',
  scope: 'assets:write',
  requestHeaders: ['If-Match'],
  params: byId('workflowJob'),
  answers: { 204: { description: 'Deleted' } },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, params, request }, { app }) {
    await app.jobs.remove(caller, params.id, writeOptionsOf({ request, idempotency: undefined }));
    return noContent;
  },
});

export const jobRoutes: readonly Route[] = [createJob, listJobs, getJob, updateJob, deleteJob];
