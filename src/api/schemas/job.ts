/** What of a workflow job is sent and shown. */
import type { JobInput, JobPatch } from '../../app/app.ts';
import { limits } from '../../core/limits.ts';
import { jobStatuses } from '../../core/workflow-job.ts';
import { array, integer, named, nullable, object, oneOf, optional, type Schema, string } from '../schema.ts';
import { cursor, id, limit, line, timeMs } from './basics.ts';

const status = oneOf(jobStatuses, { description: 'How far it is; any may follow any' });
const name = line(300, 'What is to be done');
const description = string({ minLength: 1, maxLength: 5_000, description: 'More about it, in words' });
const preset = line(200, 'The kind of job that it is, as a team calls it');
const campaign = line(200, 'What it belongs to');
const accountable = line(200, 'Who answers for it');
const key = line(100, 'A short name that people call it by');
const deadlineAtMs = timeMs('When it must be done, in Unix milliseconds');
const assets = array(line(400), {
  maxItems: limits.jobAssetsMax,
  description: 'The assets that it is about: ids, external:ID or alias:DIALECT:ID',
});

export const jobSchema: Schema<unknown> = named(
  'Job',
  object({
    id: id('workflowJob'),
    externalId: optional(string({ description: 'Its id in the DAM that reports it' })),
    name: string(),
    description: optional(string()),
    status,
    deadlineAtMs: optional(deadlineAtMs),
    preset: optional(string()),
    campaign: optional(string()),
    accountable: optional(string()),
    key: optional(string()),
    assets: array(string(), { description: 'Ids of the assets that it is about; one that was deleted stays named' }),
    createdBy: string({ description: 'Id of who made it; empty where a DAM that reports it does not say' }),
    createdAtMs: timeMs(),
    modifiedAtMs: timeMs(),
    version: integer({ minimum: 1, description: 'Rises by one with every write' }),
    updatedAtMs: timeMs(),
  }),
);

export const jobInputSchema: Schema<JobInput> = named(
  'JobInput',
  object({
    name,
    description: optional(description),
    status: optional(status),
    deadlineAtMs: optional(deadlineAtMs),
    preset: optional(preset),
    campaign: optional(campaign),
    accountable: optional(accountable),
    key: optional(key),
    assets: optional(assets),
  }),
);

export const jobPatchSchema: Schema<JobPatch & { readonly expectedVersion?: number }> = named(
  'JobPatch',
  object({
    name: optional(name),
    description: optional(nullable(description)),
    status: optional(status),
    deadlineAtMs: optional(nullable(deadlineAtMs)),
    preset: optional(nullable(preset)),
    campaign: optional(nullable(campaign)),
    accountable: optional(nullable(accountable)),
    key: optional(nullable(key)),
    assets: optional(assets),
    expectedVersion: optional(
      integer({ minimum: 1, description: 'The version it was decided on: 409 where it is another' }),
    ),
  }),
);

export const jobListQuery = object({
  limit: optional(limit),
  cursor: optional(cursor),
  status: optional(status),
  asset: optional(line(400, 'Those that are about this asset: its id, external:ID or alias:DIALECT:ID')),
  accountable: optional(line(200, 'Those that this one answers for')),
  nameContains: optional(line(300, 'Part of the name, whatever its case')),
});
