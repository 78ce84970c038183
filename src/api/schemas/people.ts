/** Shapes of users, roles, sessions, grants, notices, settings and workspaces. */
import { scopes } from '../../app/app.ts';
import { grantScopes } from '../../app/people.ts';
import { libraryKeyPattern } from '../../core/library.ts';
import { limits } from '../../core/limits.ts';
import {
  array,
  boolean,
  integer,
  named,
  nullable,
  object,
  oneOf,
  optional,
  raw,
  type Schema,
  string,
} from '../schema.ts';
import { cursor, id, jsonObject, limit, line, timeMs } from './basics.ts';
import { policySchema } from './webhook.ts';

export const paging = { limit: optional(limit), cursor: optional(cursor) };
export const span = {
  fromMs: optional(timeMs('Not before this time')),
  toMs: optional(timeMs('Before this time')),
};

/** Plain addresses only: what stands here goes into the header of a mail. */
export const email = string({
  minLength: 3,
  maxLength: 254,
  pattern: "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*$",
  description: 'An e-mail address',
});
export const password = string({
  minLength: limits.passwordCharactersMin,
  maxLength: limits.passwordBytesMax,
  description: `At least ${limits.passwordCharactersMin} characters; no rules about which`,
});
export const workspaceId = string({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9-]+$' });
export const roleId = string({
  minLength: 1,
  maxLength: 63,
  pattern: '^[a-z0-9-]+$',
  description: 'admin, super-user, editor, viewer, or a role of the workspace',
});
const scopeList = array(oneOf(scopes), { maxItems: scopes.length });
const roleList = array(roleId, { maxItems: limits.rolesPerUserMax });

export const userStates = ['invited', 'active', 'disabled'] as const;
const userFields = {
  id: id('user'),
  name: string(),
  email: string(),
  roles: array(string()),
  admin: boolean({ description: 'An admin of the installation, who may name any workspace' }),
  state: oneOf(userStates),
  createdAtMs: timeMs(),
  updatedAtMs: timeMs(),
  passwordSetAtMs: nullable(timeMs()),
  lastSignInAtMs: nullable(timeMs()),
};
export const linkSchema: Schema<unknown> = named(
  'PasswordLink',
  object({
    url: string({ description: 'Opens once, in a browser, and sets the password. Shown in this answer only' }),
    expiresAtMs: timeMs(),
  }),
);
export const userSchema: Schema<unknown> = named('User', object(userFields));
export const createdUserSchema: Schema<unknown> = named('CreatedUser', object({ ...userFields, link: linkSchema }));
export const userInputSchema = named(
  'UserInput',
  object({ name: line(200), email, roles: roleList, admin: optional(boolean()) }),
);
export const userPatchSchema = named(
  'UserPatch',
  object({
    name: optional(line(200)),
    email: optional(email),
    roles: optional(roleList),
    admin: optional(boolean()),
    disabled: optional(boolean({ description: 'true: cannot sign in, and every session has ended' })),
  }),
);

export const roleSchema: Schema<unknown> = named(
  'Role',
  object({ id: string(), name: string(), scopes: array(oneOf(scopes)), builtIn: boolean() }),
);
export const roleInputSchema = named('RoleInput', object({ id: roleId, name: line(200), scopes: scopeList }));
export const rolePatchSchema = named('RolePatch', object({ name: optional(line(200)), scopes: optional(scopeList) }));

export const sessionSchema: Schema<unknown> = named(
  'Session',
  object({
    id: id('session'),
    holder: string({ description: 'user:ID, or key:ID where it was opened with a key' }),
    name: string(),
    createdAtMs: timeMs(),
    expiresAtMs: timeMs(),
    lastSeenAtMs: timeMs('Accurate to five minutes'),
    address: nullable(string()),
    userAgent: nullable(string()),
    current: boolean({ description: 'The one that asks' }),
  }),
);

export const principal = string({
  pattern: '^(?:user:usr|key:key)_[0-9a-z]{26}$',
  description: 'user:ID or key:ID',
  examples: ['user:usr_01jd8x0000000000000000000z'],
});
type GrantResourceInput =
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'collection' | 'library' | 'asset'; readonly id: string };
const grantResource: Schema<GrantResourceInput> = named(
  'GrantResource',
  raw<GrantResourceInput>({
    oneOf: [
      object({
        type: oneOf(['folder']),
        path: string({ minLength: 1, maxLength: limits.folderPathCharactersMax, description: 'With everything below' }),
      }),
      object({ type: oneOf(['collection']), id: line(255) }),
      object({ type: oneOf(['library']), id: string({ pattern: libraryKeyPattern, description: 'By its key' }) }),
      object({ type: oneOf(['asset']), id: id('asset') }),
    ],
  }),
);
const grantFields = {
  principal,
  resource: grantResource,
  scopes: array(oneOf(grantScopes), { minItems: 1, maxItems: grantScopes.length }),
};
export const grantInputSchema = named('GrantInput', object(grantFields));
export const grantSchema: Schema<unknown> = named(
  'Grant',
  object({ id: id('grant'), ...grantFields, createdAtMs: timeMs() }),
);

export const severities = ['info', 'warning', 'error'] as const;
export const noticeSchema: Schema<unknown> = named(
  'Notice',
  object({
    id: id('notice'),
    atMs: timeMs(),
    kind: string(),
    severity: oneOf(severities),
    subject: string({ description: 'type:id of what it is about' }),
    text: string(),
    details: jsonObject,
    acknowledged: boolean(),
    acknowledgedAtMs: nullable(timeMs()),
    acknowledgedBy: nullable(string()),
    mail: nullable(object({ atMs: timeMs(), sent: integer({ minimum: 0 }), refused: integer({ minimum: 0 }) })),
  }),
);

const workspaceSettingFields = {
  contacts: array(email, { maxItems: limits.contactsMax, description: 'Who gets notices by e-mail' }),
  mailFrom: oneOf([...severities, 'none'] as const, { description: 'The least severe notice that is mailed' }),
  noticeDays: integer({ minimum: 1, maximum: 3_650, description: 'How long notices are kept' }),
  auditDays: integer({ minimum: 90, maximum: 3_650, description: 'How long audit rows are kept' }),
  trashDays: integer({
    minimum: 0,
    maximum: limits.trashDaysMax,
    description:
      'How long a deleted asset lies in the trash; 0: it is deleted for good at once. For those deleted from now on',
  }),
  archiveNoticeDays: array(integer({ minimum: 1, maximum: 365 }), {
    maxItems: limits.archiveNoticesMax,
    uniqueItems: true,
    description: 'So many days before an asset is archived by its date, webhooks are told (asset.pre_archive)',
  }),
  webhookPolicy: nullable(policySchema),
};
export const workspaceSettingsSchema = named('WorkspaceSettings', object(workspaceSettingFields));
export const workspaceSettingsPatchSchema = named(
  'WorkspaceSettingsPatch',
  object({
    contacts: optional(workspaceSettingFields.contacts),
    mailFrom: optional(workspaceSettingFields.mailFrom),
    noticeDays: optional(workspaceSettingFields.noticeDays),
    auditDays: optional(workspaceSettingFields.auditDays),
    trashDays: optional(workspaceSettingFields.trashDays),
    archiveNoticeDays: optional(workspaceSettingFields.archiveNoticeDays),
    webhookPolicy: optional(workspaceSettingFields.webhookPolicy),
  }),
);
export const processSettingSchema: Schema<unknown> = named(
  'ProcessSetting',
  object({
    name: string(),
    variable: string(),
    value: string({ description: 'A secret is shown as set or not set' }),
    source: oneOf(['default', 'file', 'environment', 'flag']),
  }),
);

export const workspaceStates = ['active', 'disabled', 'erasing'] as const;
const bytesMax = integer({ minimum: 0, maximum: 2 ** 50, description: 'Bytes that its assets may hold' });
const filesMax = integer({
  minimum: 0,
  maximum: 1_000_000_000,
  description: 'Files, versions and renditions likewise',
});
const changesPerSecondMax = integer({
  minimum: 1,
  maximum: 1_000_000,
  description: `Changes that its callers may have written in a second by each process, one for each item of a batch; those of ${limits.changesBurstSeconds} seconds at once`,
});

/** Null: no bound; left out: as it was, at first the server's. */
export const quotaPatchSchema = object(
  {
    bytesMax: optional(nullable(bytesMax)),
    filesMax: optional(nullable(filesMax)),
    changesPerSecondMax: optional(nullable(changesPerSecondMax)),
  },
  {
    description:
      "How much its assets may hold, and how fast they may be written; null: no bound, left out: as it was, at first the server's",
  },
);

export const workspaceSchema: Schema<unknown> = named(
  'Workspace',
  object({
    id: string(),
    name: string(),
    parent: optional(string()),
    state: oneOf(workspaceStates),
    createdAtMs: timeMs(),
    usage: optional(
      object(
        { files: integer({ minimum: 0 }), bytes: integer({ minimum: 0 }) },
        { description: 'What its assets hold: files, versions and renditions, those in the trash included' },
      ),
    ),
    quota: optional(
      object({
        bytesMax: nullable(bytesMax),
        filesMax: nullable(filesMax),
        changesPerSecondMax: nullable(changesPerSecondMax),
      }),
    ),
    erasure: optional(
      object({
        phase: oneOf(['webhooks', 'rows', 'files', 'settling']),
        startedAtMs: timeMs(),
        rowsRemoved: integer({ minimum: 0 }),
      }),
    ),
  }),
);

export const auditSchema: Schema<unknown> = named(
  'AuditEntry',
  object({
    id: id('audit'),
    atMs: timeMs(),
    actor: object({ type: string(), id: string(), name: optional(string()) }),
    keyId: string(),
    from: optional(object({ address: string(), userAgent: nullable(string()) })),
    action: string(),
    target: string({ description: 'type:id of what it was done to' }),
    before: optional(jsonObject),
    after: optional(jsonObject),
  }),
);
