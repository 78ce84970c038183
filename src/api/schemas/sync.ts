import { syncStates, vanishedModes } from '../../app/app.ts';
import { changeKinds } from '../../core/change.ts';
import { limits } from '../../core/limits.ts';
import {
  array,
  boolean,
  integer,
  named,
  number,
  object,
  oneOf,
  optional,
  raw,
  type Schema,
  string,
} from '../schema.ts';
import { id, line, problemItemSchema, timeMs } from './basics.ts';

export const sourceName: Schema<string> = line(
  limits.sourceCharactersMax,
  'The system that the assets are kept in step with, in your words: `old-dam`',
);

const count = (description: string): Schema<number> => integer({ minimum: 0, description });

export const syncSchema: Schema<unknown> = named(
  'Sync',
  object({
    id: id('sync'),
    source: sourceName,
    state: oneOf(syncStates, {
      description:
        '`open`: push; `comparing`: what vanished is looked for; `waiting`: complete again to go on, `waitingFor` says why; `applying`: it is deleted or archived',
    }),
    pushed: object({
      created: integer(),
      updated: integer(),
      unchanged: integer(),
      stale: integer(),
      rejected: integer(),
      unnamed: count('Rejected states that did not even say whose they are'),
    }),
    compared: count('Assets of the source that were held against what was pushed'),
    vanished: count('Those of them that were not pushed'),
    applied: count('Vanished ones deleted or archived so far'),
    kept: count('Vanished ones left as they are because they changed meanwhile'),
    mode: optional(oneOf(vanishedModes)),
    dryRun: optional(boolean()),
    waitingFor: optional(string()),
    lastPushAtMs: optional(timeMs()),
    endedAtMs: optional(timeMs()),
    createdAtMs: timeMs(),
  }),
);

export const vanishedSchema: Schema<unknown> = named(
  'VanishedAsset',
  object({ id: id('asset'), externalId: optional(string()), name: string() }),
);

export const syncInputSchema: Schema<{ readonly source: string; readonly resume?: boolean }> = named(
  'SyncInput',
  object({
    source: sourceName,
    resume: optional(boolean({ description: 'Answer the one that runs for this source instead of refusing' })),
  }),
);

export const syncCompletionSchema: Schema<{
  readonly vanished: (typeof vanishedModes)[number];
  readonly dryRun?: boolean;
  readonly confirm?: boolean;
}> = named(
  'SyncCompletion',
  object({
    vanished: oneOf(vanishedModes, {
      description: '`report` only tells; `archive` archives; `delete` deletes as `DELETE /v1/assets/{id}` does',
    }),
    dryRun: optional(boolean({ description: 'Only find what vanished' })),
    confirm: optional(
      boolean({
        description: `Go on although more than ${limits.syncVanishedShareMax * 100} % of the source's assets vanished, or pushed states could not be read`,
      }),
    ),
  }),
);

const whose = { id: optional(id('asset')), externalId: optional(string()) };
const problems = optional(array(problemItemSchema));

export const pushResultSchema: Schema<unknown> = named(
  'PushResult',
  raw({
    oneOf: [
      object({
        status: oneOf(['created', 'updated']),
        ...whose,
        version: number(),
        changes: array(object({ id: optional(id('change')), kind: oneOf(changeKinds) })),
        metadataProblems: problems,
      }),
      object({ status: oneOf(['unchanged', 'stale']), ...whose, version: number(), metadataProblems: problems }),
      object({
        status: oneOf(['rejected']),
        ...whose,
        code: string(),
        detail: string(),
        problems,
        line: optional(
          integer({ minimum: 1, description: 'Where the body came as lines: which one, empty ones counted' }),
        ),
      }),
    ],
  }),
);
