/** Use cases around share links, as callers see them: those who make them, and visitors who hold one. */
import type { AssetKind } from '../core/asset.ts';
import type { ShareAllowance, ShareLinkState } from '../core/share-link.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller, Idempotency, Origin, Written } from './app.ts';
import type { AssetContent, WantedBytes } from './asset-cases.ts';
import type { ShareEnd } from './share-access.ts';

export type ShareLinkInput = {
  readonly name?: string;
  /** References: our ids, or `external:ID`. One of `assets`, `folder` and `collection`. */
  readonly assets?: readonly string[];
  readonly folder?: string;
  readonly collection?: string;
  /** `fixed`: the version that is active now, whatever comes. Of assets only. Default `active`. */
  readonly version?: 'active' | 'fixed';
  readonly allow?: ShareAllowance;
  readonly renditions?: readonly string[];
  readonly expiresAtMs?: number | null;
  readonly password?: string;
};

/** What is absent stays. `renditions` null: all again; `expiresAtMs` null: never; `password` null: none any more. */
export type ShareLinkPatch = {
  readonly name?: string;
  readonly allow?: ShareAllowance;
  readonly renditions?: readonly string[] | null;
  readonly expiresAtMs?: number | null;
  readonly password?: string | null;
};

export type ShareUses = {
  /** How often the page was opened. */
  readonly views: number;
  /** Downloads that were begun. */
  readonly downloads: number;
  readonly lastUsedAtMs: number | null;
};

export type ShareLinkView = ShareLinkState & {
  readonly id: string;
  readonly url: string;
  readonly version: number;
  /** Exact to some seconds. */
  readonly uses: ShareUses;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly state: 'active' | ShareEnd;
  readonly endedAtMs?: number;
};

export type ShareLinkQuery = {
  /** Default `active`. Ended ones are listed for 90 days. */
  readonly state?: 'active' | ShareEnd;
  readonly limit: number;
  readonly cursor?: string;
  /** Links that name this asset. */
  readonly asset?: string;
  readonly folder?: string;
  readonly collection?: string;
};

export interface ShareLinkCases {
  create(caller: Caller, input: ShareLinkInput, idempotency?: Idempotency): Promise<Written<ShareLinkView>>;
  list(caller: Caller, query: ShareLinkQuery): Promise<Page<ShareLinkView>>;
  get(caller: Caller, id: string): Promise<ShareLinkView>;
  update(caller: Caller, id: string, patch: ShareLinkPatch): Promise<ShareLinkView>;
  /** Revokes it: from now on it answers 410. */
  remove(caller: Caller, id: string): Promise<void>;
}

// --- Visitors -------------------------------------------------------------------------------------------------------

/** What a visitor brings: the proof of an earlier visit, or the password itself. */
export type ShareCredentials = { readonly proof?: string; readonly password?: string; readonly from?: Origin };

/** One file that may be fetched. `name`: a rendition's title or `original`. */
export type SharedFile = {
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: number;
  readonly widthPx?: number;
  readonly heightPx?: number;
};

export type SharedAsset = {
  readonly id: string;
  readonly name: string;
  readonly kind: AssetKind;
  readonly durationMs?: number;
  /** A picture to look at: the title of a rendition; null where there is none. */
  readonly preview: string | null;
  readonly files: readonly SharedFile[];
};

export type ShareVisit =
  | { readonly state: 'locked' }
  | {
      readonly state: 'open';
      readonly name: string;
      readonly allow: ShareAllowance;
      readonly expiresAtMs: number | null;
      /** Whether it is of one asset, and not of a list that happens to have one. */
      readonly single: boolean;
      readonly assets: readonly SharedAsset[];
      readonly nextCursor: string | null;
    };

/** `assetId` absent: of the only one. `name` absent: the original, else the largest picture that may be seen. */
export type SharedFileReference = { readonly assetId?: string; readonly name?: string };

/**
 * Everything here is open to whoever holds a token: `not_found` for what is none, `gone` for one that was revoked, has
 * expired, or whose assets were deleted.
 */
export interface ShareVisitCases {
  visit(token: string, credentials: ShareCredentials, page?: { readonly cursor?: string }): Promise<ShareVisit>;
  /** A proof to come back with; null where the password is wrong. Throws `too_many_requests` after many wrong ones. */
  unlock(
    token: string,
    password: string,
    from?: Origin,
  ): Promise<{ readonly proof: string; readonly lifetimeMs: number } | null>;
  /** Throws `share_locked` where a password is needed and none was proven. */
  content(
    token: string,
    credentials: ShareCredentials,
    file: SharedFileReference & { readonly wanted: WantedBytes },
  ): Promise<AssetContent>;
  /** Counts a download. */
  downloaded(token: string): void;
}
