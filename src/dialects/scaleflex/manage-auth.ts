/** The two kinds of authentication of the vendor's form: Basic; OAuth2 with an endpoint, or with a static token. */
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { kindOf, readText, shownValue, type Wrong } from './manage-values.ts';

const charactersMax = 1_024;
const tokenCharactersMax = 8_192;
const urlCharactersMax = 2_048;

/** Fields of each kind, in our names; those marked are required. */
const kinds = {
  none: {},
  basic: { username: 'username', password: 'password' },
  static: { token: 'token' },
  exchange: {
    endpoint: 'tokenUrl',
    grant: 'grant',
    username: 'username',
    password: 'password',
    client_id: 'clientId',
    client_secret: 'clientSecret',
    client_authentication: 'clientAuthentication',
    scope: 'scope',
    audience: 'audience',
  },
} as const;

export function readAuth(given: JsonValue, wrong: Wrong): JsonObject | null {
  if (given === null) return { kind: 'none' };
  if (!isObject(given)) {
    wrong.push(`auth must be an object with type: got ${kindOf(given)}`);
    return null;
  }
  switch (ownValue(given, 'type')) {
    case 'none':
      return { kind: 'none', ...fieldsOf(given, 'none', wrong) };
    case 'basic':
      return required({ kind: 'basic', ...fieldsOf(given, 'basic', wrong) }, ['username', 'password'], wrong);
    case 'bearer':
      return required({ kind: 'bearer', ...fieldsOf(given, 'static', wrong) }, ['token'], wrong);
    case 'oauth2':
      return ownValue(given, 'token') === undefined
        ? readExchange(given, wrong)
        : { kind: 'bearer', ...fieldsOf(given, 'static', wrong) };
    default:
      wrong.push(`auth.type must be one of none, basic, oauth2, bearer: got ${shownValue(ownValue(given, 'type'))}`);
      return null;
  }
}

function readExchange(given: JsonObject, wrong: Wrong): JsonObject | null {
  const fields = fieldsOf(given, 'exchange', wrong);
  const grant = ownValue(fields, 'grant') ?? 'password';
  if (grant !== 'password' && grant !== 'client_credentials') {
    wrong.push(`auth.grant must be password or client_credentials: got ${shownValue(grant)}`);
    return null;
  }
  const place = ownValue(fields, 'clientAuthentication');
  if (place !== undefined && place !== 'header' && place !== 'body') {
    wrong.push(`auth.client_authentication must be header or body: got ${shownValue(place)}`);
    return null;
  }
  const credentials = {
    ...fields,
    kind: 'oauth2',
    grant: grant === 'password' ? 'password' : 'client-credentials',
  };
  return required(
    credentials,
    grant === 'password' ? ['tokenUrl', 'username', 'password'] : ['tokenUrl', 'clientId', 'clientSecret'],
    wrong,
  );
}

function fieldsOf(given: JsonObject, kind: keyof typeof kinds, wrong: Wrong): JsonObject {
  const names: { readonly [field: string]: string } = kinds[kind];
  const found: { [field: string]: JsonValue } = {};
  for (const field of Object.keys(given)) {
    if (field === 'type') continue;
    const name = Object.hasOwn(names, field) ? names[field] : undefined;
    if (name === undefined) {
      wrong.push(`auth has ${Object.keys(names).join(', ') || 'no fields'} with this type: got ${shownValue(field)}`);
      continue;
    }
    const bounds = field === 'token' ? tokenCharactersMax : field === 'endpoint' ? urlCharactersMax : charactersMax;
    const value = readText(given, field, { wrong, charactersMax: bounds, within: 'auth.' });
    if (value !== null) found[name] = value;
  }
  return found;
}

/** The names are those that a caller knows. */
const callerNames: { readonly [field: string]: string } = {
  tokenUrl: 'endpoint',
  clientId: 'client_id',
  clientSecret: 'client_secret',
};

function required(credentials: JsonObject, fields: readonly string[], wrong: Wrong): JsonObject | null {
  const missing = fields.filter((field) => ownValue(credentials, field) === undefined);
  for (const field of missing) wrong.push(`auth.${callerNames[field] ?? field} is required with this type`);
  return missing.length === 0 ? credentials : null;
}
