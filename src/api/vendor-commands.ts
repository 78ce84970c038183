/**
 * Which of our use cases a vendor's route may call, by name. Inputs are checked with the schemas of the native routes, so
 * a dialect can ask for nothing that a caller of ours could not.
 */
import { consentOf } from '../app/webhook-handshake.ts';
import type { App, AssetPatch, Caller, WebhookInput, WebhookPatch, WebhookView } from '../app/app.ts';
import { AssetwireError } from '../core/errors.ts';
import { isObject, ownValue } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { VendorCommand, VendorCommandName } from '../dialects/contract/vendor-route.ts';
import { invalidRequest, notFound } from './problem.ts';
import { boolean, integer, object, optional, raw, type Schema, string } from './schema.ts';
import { linkedAsset } from './vendor-asset-commands.ts';
import {
  clipBroadcast,
  clipOrderSchema,
  getBroadcast,
  getImage,
  listBroadcasts,
  listImages,
  listSchema,
  messageSchema,
  referenceSchema,
  removeBroadcast,
  removeImage,
  sentMessage,
} from './vendor-broadcast-commands.ts';
import { confirmConsent, endConsent, findConsent, findConsentOf, neverAskConsent } from './vendor-consent-commands.ts';
import {
  allLibraries,
  ownWebhook,
  ownWebhooks,
  placedAsset,
  removeOwnWebhook,
  tryWebhook,
} from './vendor-library-commands.ts';
import { searchedHits, searchSchema, type VendorSearch, withAliases } from './vendor-search.ts';
import { assetPatchSchema } from './schemas/asset.ts';
import { cursor, limit, line, pageOptions } from './schemas/basics.ts';
import { enableSchema, webhookInputSchema, webhookPatchSchema } from './schemas/webhook.ts';
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

/** A schema's input with the dialect through whose API it came, which the caller has no say in. */
function ofDialect<T extends object>(schema: Schema<T>): Schema<T & { readonly dialect: string }> {
  const { properties, required } = schema as { readonly properties?: object; readonly required?: readonly string[] };
  return raw({
    ...schema,
    properties: { ...properties, dialect: line(63) },
    required: [...(required ?? []), 'dialect'],
  });
}

const byId = { id: line(400) };
/** For vendors whose answer to a change holds the signing secret as their answer to a look does. */
const revealing = { reveal: optional(boolean()) };
const page = object({
  limit: optional(limit),
  cursor: optional(cursor),
  state: optional(string()),
  dialect: optional(line(63)),
});

const commands: { readonly [Name in Exclude<VendorCommandName, `sessions.${string}`>]: Command } = {
  'webhooks.create': command<WebhookInput>(
    webhookInputSchema,
    async (app, caller, input) => (await app.webhooks.create(caller, input)).body,
  ),
  'webhooks.update': command(
    object({ ...byId, patch: raw<WebhookPatch>(webhookPatchSchema) }),
    (app, caller, { id, patch }) => app.webhooks.update(caller, id, patch),
  ),
  // What is not given stays, of the settings too: for vendors whose update names the fields to change.
  'webhooks.amend': command(
    object({ ...byId, ...revealing, patch: raw<WebhookPatch>(webhookPatchSchema) }),
    async (app, caller, { id, reveal, patch: { settings, ...patch } }) => {
      const present = settings === undefined ? {} : withoutSecrets(app, await app.webhooks.get(caller, id));
      const whole = settings === undefined ? patch : { ...patch, settings: { ...present, ...settings } };
      return shownTo({ app, caller }, await app.webhooks.update(caller, id, whole), reveal);
    },
  ),
  'webhooks.get': command(object(byId), (app, caller, { id }) => app.webhooks.get(caller, id)),
  // With its signing secret in full for a caller who may reveal secrets; that is audited like any revealing.
  'webhooks.getWithSecret': command(object(byId), async (app, caller, { id }) =>
    shownTo({ app, caller }, await app.webhooks.get(caller, id), true),
  ),
  // Every one of the dialect's, for vendors whose lists have no pages; with signing secrets as `getWithSecret` shows them.
  'webhooks.all': command(object({ dialect: optional(line(63)) }), async (app, caller, { dialect }) => {
    const items: (WebhookView & { readonly secret?: string })[] = [];
    let cursor: string | null = null;
    do {
      const page: { readonly items: readonly WebhookView[]; readonly nextCursor: string | null } =
        await app.webhooks.list(caller, {
          limit: limits.pageItemsMax,
          ...(cursor === null ? {} : { cursor }),
          ...(dialect === undefined ? {} : { dialect }),
        });
      for (const item of page.items) {
        const revealed = caller.scopes.has('secrets:reveal') && item.secrets.length > 0;
        items.push(revealed ? { ...item, ...(await app.webhooks.revealSecret(caller, item.id)) } : item);
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
    return { items };
  }),
  'webhooks.list': command(page, (app, caller, query) =>
    app.webhooks.list(caller, {
      ...pageOptions(query),
      ...(query.state === undefined ? {} : { state: query.state }),
      ...(query.dialect === undefined ? {} : { dialect: query.dialect }),
    }),
  ),
  'webhooks.remove': command(object(byId), (app, caller, { id }) => app.webhooks.remove(caller, id)),
  'webhooks.enable': command(
    object({ ...byId, ...revealing, options: enableSchema }),
    async (app, caller, { id, reveal, options }) =>
      shownTo({ app, caller }, await app.webhooks.enable(caller, id, options), reveal),
  ),
  'webhooks.disable': command(
    object({ ...byId, ...revealing, reason: optional(line(500)) }),
    async (app, caller, { id, reveal, reason }) =>
      shownTo({ app, caller }, await app.webhooks.disable(caller, id, reason), reveal),
  ),
  // `waitMs`: how long the answer waits for what came of it, for vendors whose test button tells that.
  'webhooks.test': command(
    object({ ...byId, event: optional(line(128)), waitMs: optional(integer({ minimum: 0, maximum: 20_000 })) }),
    (app, caller, { id, event, waitMs = 0 }) =>
      app.webhooks.test(caller, id, { waitMs, ...(event === undefined ? {} : { event }) }),
  ),
  // Whoever has the link of a question answers it: the token is the authority.
  'webhooks.consent': command(
    object({ token: line(200), perMinute: optional(string({ maxLength: 100 })) }),
    async (app, _caller, { token, perMinute }) => {
      await app.webhooks.consent(token, consentOf(perMinute));
      return {};
    },
  ),
  'consents.find': command(object({ token: line(1_000) }), findConsent),
  'consents.findWebhook': command(object({ webhookId: line(200) }), findConsentOf),
  'consents.confirm': command(object({ token: line(1_000), guarded: optional(boolean()) }), confirmConsent),
  'consents.neverAsk': command(object({ token: line(1_000), never: boolean() }), neverAskConsent),
  'consents.unsubscribe': command(object({ webhookId: line(200) }), endConsent),
  'signingKeys.certificate': command(object({ key: line(200) }), (app, _caller, { key }) =>
    app.signingKeys.certificate(key),
  ),
  'webhooks.rotateSecret': command(object(byId), (app, caller, { id }) => app.webhooks.rotateSecret(caller, id, {})),
  'assets.get': command(object(byId), (app, caller, { id }) => app.assets.get(caller, id)),
  'assets.getLinked': command(object({ ...byId, dialect: line(63) }), linkedAsset),
  'assets.getPlaced': command(object({ ...byId, dialect: line(63) }), placedAsset),
  'webhooks.own': command(object({ dialect: line(63) }), ownWebhooks),
  'webhooks.ownOne': command(object(byId), ownWebhook),
  'webhooks.removeOwn': command(object(byId), removeOwnWebhook),
  'webhooks.trial': command(
    object({
      webhook: raw<Omit<WebhookInput, 'dialect'>>({ type: 'object' }),
      assetKey: optional(line(300)),
      dialect: line(63),
    }),
    tryWebhook,
  ),
  'libraries.get': command(object({ key: line(400) }), (app, caller, { key }) => app.libraries.get(caller, key)),
  'libraries.list': command(object({}), allLibraries),
  'broadcasts.get': command(referenceSchema, getBroadcast),
  'broadcasts.list': command(listSchema, listBroadcasts),
  'broadcasts.clip': command(clipOrderSchema, clipBroadcast),
  'broadcasts.remove': command(referenceSchema, removeBroadcast),
  'images.get': command(ofDialect(referenceSchema), getImage),
  'images.list': command(listSchema, listImages),
  'images.remove': command(ofDialect(referenceSchema), removeImage),
  'deliveries.ofMessage': command(ofDialect(messageSchema), sentMessage),
  'assets.list': command(object({ limit: optional(limit), cursor: optional(cursor) }), (app, caller, query) =>
    app.assets.list(caller, pageOptions(query)),
  ),
  'assets.search': command(
    object({ search: raw<VendorSearch>(searchSchema), dialect: line(63) }),
    async (app, caller, { search, dialect }) => {
      const where = await withAliases(search.where, (alias) => assetOfAlias({ app, caller, dialect }, alias));
      return searchedHits(app, caller, { ...search, where });
    },
  ),
  'assets.patch': command(
    object({ ...byId, patch: raw<AssetPatch>(assetPatchSchema), version: optional(integer()) }),
    (app, caller, { id, patch, version }) =>
      app.assets.patch(caller, id, { ...patch, ...(version === undefined ? {} : { expected: version }) }),
  ),
};

/** With its signing secret where that is asked for, to a caller who may reveal secrets. */
async function shownTo(
  { app, caller }: Pick<VendorCall, 'app' | 'caller'>,
  webhook: WebhookView,
  reveal = false,
): Promise<WebhookView & { readonly secret?: string }> {
  if (!reveal || !caller.scopes.has('secrets:reveal')) return webhook;
  return { ...webhook, ...(await app.webhooks.revealSecret(caller, webhook.id)) };
}

/** Settings as a patch may repeat them: without those that are shown masked, which stay as they are when left out. */
function withoutSecrets(app: App, { dialect, settings }: WebhookView): JsonObject {
  const { secretFields } = app.dialects.get(dialect).configuration;
  return Object.fromEntries(Object.entries(settings).filter(([field]) => !secretFields.includes(field)));
}

/** Who runs a vendor's command, and which dialect's API it came through. */
export type VendorCall = { readonly app: App; readonly caller: Caller; readonly dialect: string };

/**
 * Runs a use case by name. Whatever a dialect asks for, its API reaches the webhooks of this dialect and no others: those
 * of another dialect are to it what those of another workspace are.
 */
export async function runVendorCommand(
  { app, caller, dialect }: VendorCall,
  { command: name, input }: VendorCommand,
): Promise<JsonObject> {
  if (name === 'sessions.open' || name === 'sessions.close')
    throw new TypeError(`Run ${name} where requests are known`);
  const result = await commands[name](app, caller, await confined({ app, caller, dialect }, name, input));
  return isObject(result) ? result : {};
}

/**
 * Which asset a vendor's id means: the one that has it as its alias in this dialect, else the one whose id it spells. Throws
 * `not_found`.
 */
export async function assetReference(
  { app, caller, dialect }: VendorCall,
  { id, ownId }: { readonly id: string; readonly ownId?: string },
): Promise<string> {
  const aliased = id === '' ? null : await assetOfAlias({ app, caller, dialect }, id);
  if (aliased !== null) return aliased;
  if (ownId === undefined) throw notFound('Find the asset: there is none of this id');
  return ownId;
}

/** The asset that has this alias in this dialect; null where the caller sees none. */
async function assetOfAlias({ app, caller, dialect }: VendorCall, alias: string): Promise<string | null> {
  try {
    return (await app.assets.get(caller, `alias:${dialect}:${alias}`)).id;
  } catch (error) {
    if (error instanceof AssetwireError && error.code === 'not_found') return null;
    throw error;
  }
}

const ofNoOneWebhook: ReadonlySet<VendorCommandName> = new Set<VendorCommandName>([
  'webhooks.create',
  'webhooks.list',
  'webhooks.all',
  'webhooks.own',
  'webhooks.trial',
]);

async function confined(
  { app, caller, dialect }: VendorCall,
  name: VendorCommandName,
  input: JsonObject,
): Promise<JsonObject> {
  const linked = name === 'assets.getLinked' || name === 'assets.getPlaced';
  if (name === 'assets.get' || linked || name === 'assets.patch') {
    const { ownId, ...rest } = input;
    const id = ownValue(input, 'id');
    const wanted = { id: typeof id === 'string' ? id : '', ...(typeof ownId === 'string' ? { ownId } : {}) };
    const named = { ...rest, id: await assetReference({ app, caller, dialect }, wanted) };
    return linked ? { ...named, dialect } : named;
  }
  if (name === 'images.get' || name === 'images.remove' || name === 'deliveries.ofMessage')
    return { ...input, dialect };
  if (name === 'assets.search') return { search: input, dialect };
  if (!name.startsWith('webhooks.')) return input;
  if (name === 'webhooks.consent') return input;
  if (ofNoOneWebhook.has(name)) return { ...input, dialect };
  const id = ownValue(input, 'id');
  const webhook = await app.webhooks.get(caller, typeof id === 'string' ? id : '');
  if (webhook.dialect !== dialect) throw notFound('Find the webhook: there is none of this id');
  return input;
}
