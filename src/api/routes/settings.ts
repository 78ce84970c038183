import { ok, type Route, route } from '../route.ts';
import { spaceKinds } from '../../core/space.ts';
import { array, boolean, integer, named, nullable, object, oneOf, type Schema, string } from '../schema.ts';
import { timeMs } from '../schemas/basics.ts';
import { processSettingSchema, workspaceSettingsPatchSchema, workspaceSettingsSchema } from '../schemas/people.ts';

const area = 'settings';

const filmsSchema = object(
  { state: oneOf(['found', 'absent', 'off']), detail: string() },
  { description: 'Whether pictures and clips of films are made here: the version of `ffmpeg`, or why there is none' },
);

const getSettings = route({
  method: 'GET',
  path: '/v1/settings',
  operation: 'getSettings',
  area,
  summary: 'What the workspace and the server run with; secrets are never shown',
  description: 'process is for admins of the installation and empty for everybody else.',
  scope: 'settings:read',
  answers: {
    200: {
      description: 'The settings',
      schema: object({
        version: string(),
        startedAtMs: integer(),
        uptimeSeconds: integer(),
        publicUrl: string(),
        workspace: workspaceSettingsSchema,
        process: array(processSettingSchema),
        films: filmsSchema,
      }),
    },
  },
  async handle({ caller }, { app, settings, clock, publicUrl, startedAtMs }) {
    return ok({
      version: settings.version,
      startedAtMs,
      uptimeSeconds: Math.max(0, Math.floor((clock.nowMs() - startedAtMs) / 1_000)),
      publicUrl: publicUrl(),
      workspace: await app.settings.get(caller),
      process: app.settings.process(caller),
      films: await app.settings.films(),
    });
  },
});

const updateSettings = route({
  method: 'PATCH',
  path: '/v1/settings',
  operation: 'updateSettings',
  area,
  summary: "Change the workspace's own settings; what is left out stays",
  scope: 'settings:write',
  body: workspaceSettingsPatchSchema,
  answers: { 200: { description: "The workspace's settings", schema: workspaceSettingsSchema } },
  errors: ['conflict', 'invalid_policy'],
  async handle({ caller, body }, { app }) {
    return ok(await app.settings.update(caller, body));
  },
});

const spaceSchema: Schema<unknown> = named(
  'Space',
  object({
    measuredAtMs: timeMs(),
    measured: boolean({
      description:
        'Whether the bytes of each kind are measured (PostgreSQL) or shared out by samples of its rows (SQLite); their sum is right either way',
    }),
    keptForDays: nullable(integer({ minimum: 0, description: 'How long what has ended is kept' })),
    kinds: array(
      object({
        kind: oneOf(spaceKinds),
        rows: integer({ minimum: 0, description: 'Right to a few in a hundred; 0 for search and free' }),
        bytes: integer({
          minimum: 0,
          description: 'With indexes; of free, what is filled again before the file grows',
        }),
        sinceMs: nullable(timeMs('When the oldest part that is still kept was begun')),
      }),
    ),
    files: object(
      { count: integer({ minimum: 0 }), bytes: integer({ minimum: 0 }) },
      { description: 'Contents of files, over all workspaces; they lie beside the database' },
    ),
  }),
);

const getSpace = route({
  method: 'GET',
  path: '/v1/space',
  operation: 'getSpace',
  area,
  summary: 'What the database holds and how much space it takes, by kind',
  description: 'Of the whole installation, over all workspaces; half a minute old at most.',
  scope: 'admin',
  answers: { 200: { description: 'Rows and bytes by kind', schema: spaceSchema } },
  async handle(_call, { app }) {
    return ok(await app.operation.space());
  },
});

export const settingRoutes: readonly Route[] = [getSettings, updateSettings, getSpace];
