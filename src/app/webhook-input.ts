/** What a caller wants of a webhook, checked against its dialect and the road out, with the secrets taken out of it. */
import { createRequire } from 'node:module';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { AssetwireError } from '../core/errors.ts';
import { checkFilter } from '../core/filter-check.ts';
import type { Projection } from '../core/filter.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { nearestName } from '../core/nearest-name.ts';
import { readMailAddress } from '../core/mail-address.ts';
import { resolvePolicy } from '../core/policy-resolution.ts';
import { readQueueArn } from '../core/queue-arn.ts';
import type { Credentials, Target } from '../core/webhook.ts';
import type { Manifest } from '../dialects/contract/manifest.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { checkHeaders } from '../egress/headers.ts';
import type { WebhookInput } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import { readCredentials } from './credentials-input.ts';
import { newSecrets, type StoredCredentials } from './kept-credentials.ts';
import { unfit } from './refusals.ts';
import { settingsProblems } from './settings-problems.ts';
import { readTls } from './webhook-tls.ts';
import type { NewSecret } from './webhook-secrets.ts';
import type { WebhookBody } from './webhook-state.ts';

/** The parts of a webhook that callers set, checked, and the secrets they brought. */
export type CheckedInput = {
  readonly body: Partial<
    Pick<
      WebhookBody,
      | 'name'
      | 'target'
      | 'events'
      | 'filter'
      | 'projection'
      | 'settings'
      | 'headers'
      | 'credentials'
      | 'tls'
      | 'policy'
      | 'contacts'
    >
  >;
  readonly secrets: readonly NewSecret[];
};

const contactsMax = 20;

export interface InputChecks {
  dialect(id: string): Dialect;
  /** Throws `AssetwireError` for what cannot be. `stored`: what the webhook has that is patched. */
  check(dialect: Dialect, input: Partial<WebhookInput>, stored?: StoredCredentials): CheckedInput;
}

// Loaded by the first webhook that is written, since a start needs it for nothing.
const load = createRequire(import.meta.url);

type Validator = (manifest: Manifest) => ValidateFunction;
type InputDeps = Pick<AppDeps, 'dialects' | 'egress'> & {
  /** Null: mails cannot be sent by this server. */
  readonly mailer?: AppDeps['mailer'];
  readonly settings?: Pick<AppDeps['settings'], 'awsKeysRequired'>;
};

export function createInputChecks(deps: InputDeps): InputChecks {
  const validators = new Map<string, ValidateFunction>();
  const validator: Validator = (manifest) => {
    let compiled = validators.get(manifest.id);
    if (compiled === undefined) {
      const { Ajv2020 } = load('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
      compiled = new Ajv2020({ allErrors: true, verbose: true, strict: false }).compile(manifest.configuration.schema);
      validators.set(manifest.id, compiled);
    }
    return compiled;
  };
  return {
    dialect(id) {
      const dialect = deps.dialects.get(id);
      if (dialect !== undefined) return dialect;
      throw new AssetwireError('unknown_dialect', {
        detail: `Use one of ${[...deps.dialects.keys()].join(', ')}: got "${id.slice(0, 63)}"`,
      });
    },
    check(dialect, given, stored) {
      const { manifest } = dialect;
      const input = withUrlCredentials(manifest, given);
      const secrets: NewSecret[] = [];
      const body: { -readonly [Key in keyof CheckedInput['body']]: CheckedInput['body'][Key] } = {};
      if (input.name !== undefined) body.name = nameOf(input.name);
      if (input.target !== undefined) body.target = target(deps, manifest, input.target);
      if (input.events !== undefined) body.events = events(manifest, input.events);
      if (input.filter !== undefined) {
        checkFilter(input.filter, limits);
        body.filter = input.filter;
      }
      if (input.projection !== undefined) body.projection = projection(manifest, input.projection);
      if (input.settings !== undefined) {
        checkSettings(dialect, validator(manifest), input.settings);
        body.settings = withoutSecrets(manifest, input.settings, secrets);
      }
      const credentialsKind = input.credentials?.kind ?? stored?.credentials.kind ?? 'none';
      if (body.target !== undefined) refuseUnreachable(deps, body.target, credentialsKind);
      if (input.headers !== undefined) body.headers = headers(manifest, input.headers, credentialsKind !== 'none');
      if (input.credentials !== undefined) {
        const read = readCredentials(deps, manifest, input.credentials);
        body.credentials = read.credentials;
        secrets.push(...newSecrets(read.secrets, read.credentials, stored ?? null));
      }
      if (input.tls !== undefined) {
        const read = readTls(input.tls);
        body.tls = read.tls;
        secrets.push(...read.secrets);
      }
      if (input.policy !== undefined) {
        resolvePolicy(manifest.policy, input.policy);
        body.policy = input.policy;
      }
      if (input.contacts !== undefined) body.contacts = contacts(input.contacts);
      return { body, secrets };
    },
  };
}

/** What this server cannot reach whatever is sent: said when it is asked for, not with the first delivery. */
function refuseUnreachable(
  { mailer, settings }: InputDeps,
  { transport }: Target,
  credentials: Credentials['kind'],
): void {
  if (transport === 'email' && mailer === null) {
    throw unfit('/target/transport', 'another one: this server has no mail server (ASSETWIRE_SMTP_URL)', 'email');
  }
  if (transport === 'sqs' && settings?.awsKeysRequired === true && credentials !== 'aws') {
    throw unfit(
      '/credentials',
      'AWS keys of the webhook’s own (kind aws): this server lends its own to nobody',
      credentials,
    );
  }
}

/** `https://user:password@…`, where the dialect's users write it so: name and password go where credentials belong. */
function withUrlCredentials(manifest: Manifest, input: Partial<WebhookInput>): Partial<WebhookInput> {
  const { target: given, credentials: beside } = input;
  if (manifest.capabilities.credentialsInUrl !== true || given?.transport !== 'http') return input;
  const parts = /^(https?:\/\/)([^/?#@]*)@([^@/?#]+(?:[/?#].*)?)$/i.exec(given.url);
  if (parts === null) return input;
  const [, scheme = '', userInfo = '', rest = ''] = parts;
  if (beside !== undefined && beside.kind !== 'none') {
    throw unfit('/credentials', 'none beside those of the URL', beside.kind);
  }
  const colon = userInfo.indexOf(':');
  if (colon < 1) throw unfit('/target/url', 'user:password before the @', 'something else');
  return {
    ...input,
    target: { ...given, url: `${scheme}${rest}` },
    credentials: {
      kind: 'basic',
      username: decodedPart(userInfo.slice(0, colon)),
      password: decodedPart(userInfo.slice(colon + 1)),
    },
  };
}

function decodedPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unfit('/target/url', 'user and password in percent-encoding', 'a percent sign that encodes nothing');
  }
}

/** A field that the dialect does not have would send nothing at all, and nobody would know why. */
function projection({ id, projectionFields: known }: Manifest, given: Projection): Projection {
  if (known === undefined) return given;
  const at = given.fields.findIndex((field) => !known.includes(field));
  if (at < 0) return given;
  const wanted = `one of ${known.join(', ')} for dialect "${id}"`;
  throw unfit(`/projection/fields/${at}`, wanted, JSON.stringify(given.fields[at]?.slice(0, 100)));
}

function checkSettings(
  { manifest, checkSettings: check }: Dialect,
  validate: ValidateFunction,
  given: JsonObject,
): void {
  const problems = validate(given)
    ? (check?.(given) ?? []).map((problem) => ({ ...problem, at: `/settings${problem.at}` }))
    : settingsProblems(validate.errors ?? []);
  if (problems.length === 0) return;
  const { at, wanted, found } = problems[0] ?? { at: '/settings', wanted: 'something else', found: 'this' };
  throw new AssetwireError('invalid_settings', {
    detail: `Fit the settings of dialect "${manifest.id}": ${at}, wanted ${wanted}, found ${found}`,
    mend: `GET /v1/dialects/${manifest.id} shows their schema`,
    problems,
  });
}

/** The settings with the name of each secret in its place; the secrets go to `taken`. */
function withoutSecrets(manifest: Manifest, given: JsonObject, taken: NewSecret[]): JsonObject {
  const kept: { [field: string]: JsonValue } = { ...given };
  for (const field of manifest.configuration.secretFields) {
    const value = kept[field];
    const name = `settings.${field}`;
    // The name itself stands for the secret that is there already.
    if (typeof value !== 'string' || value === '' || value === name) continue;
    taken.push({ name, value });
    kept[field] = name;
  }
  return kept;
}

function target({ egress }: InputDeps, manifest: Manifest, given: Target): Target {
  if (!manifest.transports.includes(given.transport)) {
    throw unfit(
      '/target/transport',
      `one of ${manifest.transports.join(', ')} for dialect "${manifest.id}"`,
      given.transport,
    );
  }
  if (given.transport === 'sqs') {
    const reading = readQueueArn(given.queue.trim());
    if (!reading.ok) throw unfit('/target/queue', reading.wanted, reading.found);
    return { transport: 'sqs', queue: reading.queue.arn };
  }
  if (given.transport === 'email') {
    const reading = readMailAddress(given.address.trim());
    if (!reading.ok) throw unfit('/target/address', reading.wanted, reading.found);
    return { transport: 'email', address: reading.address };
  }
  // Stored as the guard read it, so that what is shown, judged and called is one URL.
  const { url } = egress.checkTarget(given.url, { plainHttp: manifest.capabilities.plainHttp });
  return given.method === undefined ? { transport: 'http', url } : { transport: 'http', url, method: given.method };
}

function nameOf(name: string): string {
  const trimmed = name.trim();
  if (trimmed.length < 1 || trimmed.length > 200) throw unfit('/name', '1 to 200 characters', `${trimmed.length}`);
  return trimmed;
}

function events(manifest: Manifest, wanted: readonly string[]): readonly string[] {
  const unique = [...new Set(wanted)];
  if (unique.length === 0 && manifest.capabilities.noEvents !== true) throw invalidEvent(manifest, 'none');
  const known = new Set(manifest.events.map(({ name }) => name));
  for (const name of unique)
    if (name !== '*' && !known.has(name)) {
      throw invalidEvent(manifest, `"${name.slice(0, 100)}"`, nearestName(name, [...known]));
    }
  if (manifest.capabilities.singleEvent && (unique.length > 1 || unique[0] === '*')) {
    throw new AssetwireError('invalid_event', {
      detail: `Choose one event: a webhook of dialect "${manifest.id}" has one, got ${unique[0] === '*' ? 'all' : unique.length}`,
      mend: `Name one of ${[...known].join(', ')}, and make another webhook for each further one`,
    });
  }
  return unique;
}

function invalidEvent(manifest: Manifest, found: string, meant?: string): AssetwireError {
  const listed = `GET /v1/dialects/${manifest.id} (assetwire dialects show ${manifest.id}) lists them`;
  return new AssetwireError('invalid_event', {
    detail: `Choose events of dialect "${manifest.id}", or *: got ${found}`,
    mend: meant === undefined ? listed : `Perhaps "${meant}" was meant; ${listed}`,
  });
}

function headers(
  manifest: Manifest,
  given: readonly (readonly [name: string, value: string])[],
  authorization: boolean,
): readonly (readonly [name: string, value: string])[] {
  if (given.length > 0 && !manifest.capabilities.customHeaders) {
    throw unfit('/headers', `none: dialect "${manifest.id}" has no custom headers`, String(given.length));
  }
  if (given.length > manifest.limits.customHeadersMax) {
    throw new AssetwireError('limit_reached', {
      detail: `Set at most ${manifest.limits.customHeadersMax} custom headers: got ${given.length}`,
    });
  }
  checkHeaders(given, { reserved: manifest.reservedHeaders, authorization });
  return given;
}

function contacts(given: readonly string[]): readonly string[] {
  if (given.length > contactsMax) throw unfit('/contacts', `at most ${contactsMax}`, String(given.length));
  for (const [at, address] of given.entries()) {
    const reading = readMailAddress(address);
    if (!reading.ok) throw unfit(`/contacts/${at}`, reading.wanted, reading.found);
  }
  return [...new Set(given)];
}
