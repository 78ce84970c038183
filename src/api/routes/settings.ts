import { ok, type Route, route } from '../route.ts';
import { array, integer, object, oneOf, string } from '../schema.ts';
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

export const settingRoutes: readonly Route[] = [getSettings, updateSettings];
