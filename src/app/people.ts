/** Use cases around people: users, roles, sessions, grants, keys, notices, settings, audit and workspaces, as callers see them. */
import type { JsonObject } from '../core/json.ts';
import type { PolicyOverride } from '../core/policy.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { BlobUsage } from '../storage/storage.ts';
import type { Caller, KeyView, Origin, Scope } from './app.ts';
import type { Quota } from './quotas.ts';

type Paging = { readonly limit: number; readonly cursor?: string };
/** Times of creation, `fromMs` included and `toMs` not. */
type Span = { readonly fromMs?: number; readonly toMs?: number };

// --- Users -----------------------------------------------------------------------------------------------------

/** `invited`: no password yet. `disabled`: cannot sign in, and every session has ended. */
export type UserState = 'invited' | 'active' | 'disabled';

export type UserView = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** Ids of roles; what they may do is the sum. */
  readonly roles: readonly string[];
  /** An admin of the installation: may name any workspace. Only in `default`. */
  readonly admin: boolean;
  readonly state: UserState;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly passwordSetAtMs: number | null;
  readonly lastSignInAtMs: number | null;
};

/** A link that sets a password, once. Shown in one answer and never again. */
export type PasswordLink = { readonly url: string; readonly expiresAtMs: number };

export type UserInput = {
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly admin?: boolean;
};

export type UserPatch = Partial<UserInput> & { readonly disabled?: boolean };

export interface UserCases {
  create(caller: Caller, input: UserInput): Promise<UserView & { readonly link: PasswordLink }>;
  list(
    caller: Caller,
    query: Paging & { readonly email?: string; readonly role?: string; readonly state?: UserState },
  ): Promise<Page<UserView>>;
  get(caller: Caller, id: string): Promise<UserView>;
  update(caller: Caller, id: string, patch: UserPatch): Promise<UserView>;
  remove(caller: Caller, id: string): Promise<void>;
  /** A new link; an earlier one that was not used is no longer good. */
  issueLink(caller: Caller, id: string): Promise<PasswordLink>;
  /** Sets the password behind a link; null where the link is not, or no longer, good. Ends the user's sessions. */
  redeemLink(token: string, password: string, from?: Origin): Promise<UserView | null>;
  /** The caller's own; false where `present` is not the present one. Ends the caller's other sessions. */
  changePassword(caller: Caller, present: string, next: string): Promise<boolean>;
}

// --- Roles -----------------------------------------------------------------------------------------------------

export type RoleView = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Ours: the same in every workspace, not to be changed. */
  readonly builtIn: boolean;
};

export interface RoleCases {
  create(
    caller: Caller,
    input: { readonly id: string; readonly name: string; readonly scopes: readonly Scope[] },
  ): Promise<RoleView>;
  /** The built-in ones first, then the workspace's own by id. */
  list(caller: Caller, query: Paging): Promise<Page<RoleView>>;
  get(caller: Caller, id: string): Promise<RoleView>;
  update(
    caller: Caller,
    id: string,
    patch: { readonly name?: string; readonly scopes?: readonly Scope[] },
  ): Promise<RoleView>;
  /** Refused with `in_use` while a user has it. */
  remove(caller: Caller, id: string): Promise<void>;
}

// --- Sessions --------------------------------------------------------------------------------------------------

export type SessionView = {
  readonly id: string;
  /** Whose it is: `user:usr_…`, or `key:key_…` where it was opened with a key. */
  readonly holder: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Accurate to five minutes. */
  readonly lastSeenAtMs: number;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** The one that asks. */
  readonly current: boolean;
};

/** What may open a session: the terminal's one-time token, a key, or a person's e-mail and password. */
export type SignIn = {
  readonly token?: string;
  readonly key?: string;
  readonly email?: string;
  readonly password?: string;
  /** Where the person is a user; needed only where the same address is one in several. */
  readonly workspace?: string;
};

// --- Grants ----------------------------------------------------------------------------------------------------

export const grantScopes = ['assets:read', 'assets:write'] as const;
export type GrantScope = (typeof grantScopes)[number];

/** What a grant is on: a folder with everything below it, a collection or library by its key, or one asset. */
export type GrantResource =
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'collection'; readonly id: string }
  | { readonly type: 'library'; readonly id: string }
  | { readonly type: 'asset'; readonly id: string };

/** A scope on part of the assets, for a user or key that does not have it on all of them. */
export type Grant = { readonly resource: GrantResource; readonly scopes: readonly GrantScope[] };

export type GrantView = Grant & {
  readonly id: string;
  /** `user:usr_…` or `key:key_…`. */
  readonly principal: string;
  readonly createdAtMs: number;
};

export interface GrantCases {
  create(caller: Caller, input: Grant & { readonly principal: string }): Promise<GrantView>;
  list(caller: Caller, query: Paging & { readonly principal?: string }): Promise<Page<GrantView>>;
  get(caller: Caller, id: string): Promise<GrantView>;
  remove(caller: Caller, id: string): Promise<void>;
}

// --- Keys ------------------------------------------------------------------------------------------------------

export type KeyFilter = { readonly state?: 'active' | 'expired' | 'revoked'; readonly admin?: boolean };
export type RotatedKey = KeyView & { readonly key: string; readonly replaces: string };

// --- Audit, notices, settings ----------------------------------------------------------------------------------

export type AuditQuery = Paging &
  Span & {
    /** `actor.type:actor.id`, such as `user:usr_…`. */
    readonly actor?: string;
    readonly action?: string;
    /** `type:id` of what it was done to. */
    readonly target?: string;
  };

export type NoticeSeverity = 'info' | 'warning' | 'error';

export type NoticeView = {
  readonly id: string;
  readonly atMs: number;
  readonly kind: string;
  readonly severity: NoticeSeverity;
  /** `type:id` of what it is about. */
  readonly subject: string;
  readonly text: string;
  readonly details: JsonObject;
  readonly acknowledged: boolean;
  readonly acknowledgedAtMs: number | null;
  readonly acknowledgedBy: string | null;
  /** What became of the mails; null while none was sent. */
  readonly mail: { readonly atMs: number; readonly sent: number; readonly refused: number } | null;
};

export type NoticeQuery = Paging &
  Span & {
    readonly kind?: string;
    readonly severity?: NoticeSeverity;
    readonly subject?: string;
    readonly acknowledged?: boolean;
  };

export interface NoticeCases {
  list(caller: Caller, query: NoticeQuery): Promise<Page<NoticeView>>;
  get(caller: Caller, id: string): Promise<NoticeView>;
  /** Once is enough: acknowledging again changes nothing. */
  acknowledge(caller: Caller, id: string): Promise<NoticeView>;
}

/** What a workspace decides for itself. */
export type WorkspaceSettings = {
  /** Who is told of notices by e-mail, beside the contacts of a webhook. */
  readonly contacts: readonly string[];
  /** The least severe notice that is mailed; `none`: no mail. */
  readonly mailFrom: NoticeSeverity | 'none';
  /** How long notices and audit rows are kept. */
  readonly noticeDays: number;
  readonly auditDays: number;
  /** How long a deleted asset can be brought back; 0: it is deleted for good at once. */
  readonly trashDays: number;
  /** So many days before an asset is archived by its date, webhooks are told (`asset.pre_archive`). */
  readonly archiveNoticeDays: readonly number[];
  /** Taken by webhooks that are made without a policy of their own. */
  readonly webhookPolicy: PolicyOverride | null;
};

/** A setting of the process: read-only here. A secret's value is `set` or `not set`. */
export type ProcessSetting = {
  readonly name: string;
  readonly variable: string;
  readonly value: string;
  readonly source: string;
};

export type FilmsView = {
  readonly state: 'found' | 'absent' | 'off';
  /** The version of the program, or why there is none. Never where it lies. */
  readonly detail: string;
};

export interface SettingCases {
  get(caller: Caller): Promise<WorkspaceSettings>;
  update(caller: Caller, patch: Partial<WorkspaceSettings>): Promise<WorkspaceSettings>;
  /** For admins of the installation; nobody else sees how the process runs. */
  process(caller: Caller): readonly ProcessSetting[];
  /** Whether this server makes pictures and clips of films, and what with or why not. */
  films(): Promise<FilmsView>;
}

// --- Workspaces ------------------------------------------------------------------------------------------------

export type WorkspaceState = 'active' | 'disabled' | 'erasing';

/** How far an erasure is. `settling`: nothing is left; what was in flight is waited for, then swept. */
export type ErasureView = {
  readonly phase: 'webhooks' | 'rows' | 'files' | 'settling';
  readonly startedAtMs: number;
  readonly rowsRemoved: number;
};

export type WorkspaceView = {
  readonly id: string;
  readonly name: string;
  readonly parent?: string;
  readonly state: WorkspaceState;
  readonly createdAtMs: number;
  readonly erasure?: ErasureView;
  /** What its assets hold, versions, renditions and trash included; and how much they may. Of one workspace only. */
  readonly usage?: BlobUsage;
  readonly quota?: Quota;
};

export type WorkspacePatch = {
  readonly name?: string;
  readonly disabled?: boolean;
  /** Null: no bound; absent: as it was. */
  readonly quota?: Partial<Quota>;
};

export interface WorkspaceCases {
  create(
    caller: Caller,
    input: { readonly id: string; readonly name: string; readonly parent?: string },
  ): Promise<WorkspaceView>;
  /** `parent`: the environments of this one. */
  list(
    caller: Caller,
    query: Paging & { readonly state?: WorkspaceState; readonly parent?: string },
  ): Promise<Page<WorkspaceView>>;
  get(caller: Caller, id: string): Promise<WorkspaceView>;
  /** Disabled: keys, sessions and users of it are refused; deliveries that are owed go on. */
  update(caller: Caller, id: string, patch: WorkspacePatch): Promise<WorkspaceView>;
  /** Begins to take everything of it out; `confirm` repeats the id. */
  erase(caller: Caller, id: string, confirm: string): Promise<WorkspaceView>;
}
