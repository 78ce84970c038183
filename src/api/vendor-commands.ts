/**
 * Which of our use cases a vendor's route may call, by name. Inputs are checked with the schemas of the native routes, so
 * a dialect can ask for nothing that a caller of ours could not.
 */
import type { App, AssetPatch, Caller, WebhookInput } from '../app/app.ts';
import type { JsonObject } from '../core/json.ts';
import type { VendorCommand } from '../dialects/dialect.ts';
import { invalidRequest } from './problem.ts';
import { integer, object, optional, raw, type Schema, string } from './schema.ts';
import { assetPatchSchema } from './schemas/asset.ts';
import { cursor, limit, line, pageOptions } from './schemas/basics.ts';
import { enableSchema, webhookInputSchema, type WebhookPatch, webhookPatchSchema } from './schemas/webhook.ts';
import { problemsOf } from './validation.ts';

type Command = (app: App, caller: Caller, input: JsonObject) => Promise<unknown>;

/** A use case with the schema of its input. */
function command<T>(schema: Schema<T>, run: (app: App, caller: Caller, input: T) => Promise<unknown>): Command {
  return (app, caller, input) => {
    const problems = problemsOf(schema, input);
    if (problems.length > 0) throw invalidRequest(problems, 'the request');
    return run(app, caller, input as T);
  };
}

const byId = { id: line(400) };
const page = object({
  limit: optional(limit),
  cursor: optional(cursor),
  state: optional(string()),
  dialect: optional(line(63)),
});

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    'webhooks.create',
    command<WebhookInput>(webhookInputSchema, (app, caller, input) => app.webhooks.create(caller, input)),
  ],
  [
    'webhooks.update',
    command(object({ ...byId, patch: raw<WebhookPatch>(webhookPatchSchema) }), (app, caller, { id, patch }) =>
      app.webhooks.update(caller, id, patch),
    ),
  ],
  ['webhooks.get', command(object(byId), (app, caller, { id }) => app.webhooks.get(caller, id))],
  [
    'webhooks.list',
    command(page, (app, caller, query) =>
      app.webhooks.list(caller, {
        ...pageOptions(query),
        ...(query.state === undefined ? {} : { state: query.state }),
        ...(query.dialect === undefined ? {} : { dialect: query.dialect }),
      }),
    ),
  ],
  ['webhooks.remove', command(object(byId), (app, caller, { id }) => app.webhooks.remove(caller, id))],
  [
    'webhooks.enable',
    command(object({ ...byId, options: enableSchema }), (app, caller, { id, options }) =>
      app.webhooks.enable(caller, id, options),
    ),
  ],
  [
    'webhooks.disable',
    command(object({ ...byId, reason: optional(line(500)) }), (app, caller, { id, reason }) =>
      app.webhooks.disable(caller, id, reason),
    ),
  ],
  [
    'webhooks.test',
    command(object({ ...byId, event: optional(line(128)) }), (app, caller, { id, event }) =>
      app.webhooks.test(caller, id, event === undefined ? {} : { event }),
    ),
  ],
  ['webhooks.rotateSecret', command(object(byId), (app, caller, { id }) => app.webhooks.rotateSecret(caller, id, {}))],
  ['assets.get', command(object(byId), (app, caller, { id }) => app.assets.get(caller, id))],
  [
    'assets.list',
    command(object({ limit: optional(limit), cursor: optional(cursor) }), (app, caller, query) =>
      app.assets.list(caller, pageOptions(query)),
    ),
  ],
  [
    'assets.patch',
    command(
      object({ ...byId, patch: raw<AssetPatch>(assetPatchSchema), version: optional(integer()) }),
      (app, caller, { id, patch, version }) => app.assets.patch(caller, id, patch, version),
    ),
  ],
]);

/** Runs a use case by name. A name that is not known is a bug of the dialect. */
export async function runVendorCommand(
  app: App,
  caller: Caller,
  { command: name, input }: VendorCommand,
): Promise<JsonObject> {
  const run = commands.get(name);
  if (run === undefined) throw new TypeError(`Run a known command: "${name}"`);
  const result = await run(app, caller, input);
  return (result ?? {}) as JsonObject;
}
