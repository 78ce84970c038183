/** Use cases around what people say about an asset, and whether it may be used: comments, annotations, approval. */
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller } from './app.ts';

/** A part of the picture: fractions of width and height, from the upper left. */
export type CommentRegion = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** Where in the asset it points: a part of the picture, a page, a moment of a film in milliseconds. */
export type CommentPlace = { readonly region?: CommentRegion; readonly page?: number; readonly atMs?: number };

export type CommentView = CommentPlace & {
  /** Null: another DAM said it, who has no id for it. */
  readonly id: string | null;
  /** An annotation points somewhere. */
  readonly kind: 'comment' | 'annotation';
  readonly text: string;
  readonly by?: string;
  readonly byName?: string;
  readonly createdAtMs?: number;
  readonly updatedAtMs?: number;
  /** The comment it answers. */
  readonly replyTo?: string;
  readonly resolved: boolean;
};

export type CommentInput = CommentPlace & { readonly text: string; readonly replyTo?: string };

/** Null takes a place away. */
export type CommentPatch = {
  readonly text?: string;
  readonly resolved?: boolean;
  readonly region?: CommentRegion | null;
  readonly page?: number | null;
  readonly atMs?: number | null;
};

export const approvalStatuses = ['pending', 'approved', 'rejected'] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];

export type ApprovalView = {
  /** Null: nobody has decided. A text of another DAM's own is shown as it is. */
  readonly status: string | null;
  readonly by?: string;
  readonly byName?: string;
  readonly atMs?: number;
  readonly note?: string;
};

/** Each write is a change of the asset: `asset.comments_changed`, `asset.approval_changed`. */
export interface CommentCases {
  /** Oldest first. */
  list(
    caller: Caller,
    reference: string,
    query: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<CommentView>>;
  get(caller: Caller, reference: string, id: string): Promise<CommentView>;
  add(caller: Caller, reference: string, input: CommentInput): Promise<CommentView>;
  update(caller: Caller, reference: string, change: CommentPatch & { readonly id: string }): Promise<CommentView>;
  /** Answers to it stay. */
  remove(caller: Caller, reference: string, id: string): Promise<void>;
  approval(caller: Caller, reference: string): Promise<ApprovalView>;
  /** Null: as if nobody had decided. */
  decide(
    caller: Caller,
    reference: string,
    decision: { readonly status: ApprovalStatus; readonly note?: string } | null,
  ): Promise<ApprovalView>;
}
