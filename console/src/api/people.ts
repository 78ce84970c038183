/** People, keys and what is told to them, as the API shows them. */
import type { JsonObject } from './json.ts';

export type Caller = {
  readonly workspaceId: string;
  readonly actor: { readonly type: string; readonly id: string; readonly name?: string };
  readonly scopes: readonly string[];
  readonly admin: boolean;
};

export type Key = {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly admin: boolean;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  /** In the answer to its creation only. */
  readonly key?: string;
};

/** Good once, and shown once. */
export type SignInLink = { readonly url: string; readonly expiresAtMs: number };

export type User = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly admin: boolean;
  readonly state: 'invited' | 'active' | 'disabled';
  readonly lastSignInAtMs: number | null;
  readonly link?: { readonly url: string; readonly expiresAtMs: number };
};

export type Role = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly builtIn: boolean;
};

export type Session = {
  readonly id: string;
  readonly holder: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly lastSeenAtMs: number;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly current: boolean;
};

export type Library = {
  readonly key: string;
  readonly name: string;
  readonly description?: string;
  readonly organization: string;
  readonly builtIn: boolean;
  readonly version: number;
};

export type Workspace = {
  readonly id: string;
  readonly name: string;
  readonly parent?: string;
  readonly state: 'active' | 'disabled' | 'erasing';
  readonly createdAtMs: number;
  /** When asked for by its id. */
  readonly usage?: { readonly files: number; readonly bytes: number };
  readonly quota?: {
    readonly bytesMax: number | null;
    readonly filesMax: number | null;
    readonly changesPerSecondMax: number | null;
  };
};

export type Notice = {
  readonly id: string;
  readonly kind: string;
  readonly severity: string;
  readonly atMs: number;
  readonly subject: string;
  readonly text: string;
  readonly acknowledged: boolean;
};

export type AuditEntry = {
  readonly id: string;
  readonly atMs: number;
  readonly actor: { readonly type: string; readonly id: string; readonly name?: string };
  readonly action: string;
  readonly target: string;
  readonly from?: { readonly address: string; readonly userAgent: string | null };
  readonly before?: JsonObject;
  readonly after?: JsonObject;
};

/** What the workspace and the server run with; `process` is for admins of the installation. */
export type SettingsView = {
  readonly version: string;
  readonly startedAtMs: number;
  readonly publicUrl: string;
  readonly workspace: { readonly [name: string]: unknown };
  readonly process: readonly {
    readonly name: string;
    readonly variable: string;
    readonly value: string;
    readonly source: string;
  }[];
  readonly films?: { readonly state: string; readonly detail: string };
};

export type TransportCheck = {
  readonly transport: 'email' | 'sqs';
  readonly ok: boolean;
  readonly server: string | null;
  readonly target: string;
  readonly tookMs: number;
  readonly wanted: string;
  readonly found: string;
  readonly mend: string;
};

export type SpaceKind = 'changes' | 'deliveries' | 'attempts' | 'assets' | 'search' | 'other' | 'free';

export type Space = {
  readonly measuredAtMs: number;
  readonly measured: boolean;
  readonly keptForDays: number | null;
  readonly kinds: readonly {
    readonly kind: SpaceKind;
    readonly rows: number;
    readonly bytes: number;
    readonly sinceMs: number | null;
  }[];
  readonly files: { readonly count: number; readonly bytes: number };
};
