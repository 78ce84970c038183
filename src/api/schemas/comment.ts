/** Shapes of comments, annotations and approval. */
import { approvalStatuses, type CommentInput, type CommentPatch } from '../../app/comment-cases.ts';
import { limits } from '../../core/limits.ts';
import { boolean, integer, named, nullable, number, object, oneOf, optional, type Schema, string } from '../schema.ts';
import { assetReferenceText } from './asset.ts';
import { id, timeMs } from './basics.ts';

const fraction = number({ minimum: 0, maximum: 1 });
const region = object(
  { x: fraction, y: fraction, width: fraction, height: fraction },
  {
    description: 'A part of the picture: fractions of width and height, from the upper left',
    examples: [{ x: 0.2, y: 0.1, width: 0.25, height: 0.3 }],
  },
);
const page = integer({ minimum: 1, maximum: 1_000_000, description: 'A page, counted from 1' });
const atMs = integer({
  minimum: 0,
  maximum: 10 * 365 * 86_400_000,
  description: 'A moment of a film, in milliseconds',
});
const text = string({
  minLength: 1,
  maxLength: limits.commentCharactersMax,
  examples: ['The logo needs more room above'],
});

export const commentInputSchema: Schema<CommentInput> = named(
  'CommentInput',
  object({
    text,
    region: optional(region),
    page: optional(page),
    atMs: optional(atMs),
    replyTo: optional({ ...id('comment'), description: 'The comment that it answers' }),
  }),
);

export const commentPatchSchema: Schema<CommentPatch> = named(
  'CommentPatch',
  object({
    text: optional(text),
    resolved: optional(boolean({ description: 'Whether it is done with' })),
    region: optional(nullable(region)),
    page: optional(nullable(page)),
    atMs: optional(nullable(atMs)),
  }),
);

export const commentSchema: Schema<unknown> = named(
  'Comment',
  object({
    id: nullable(string({ description: 'Null: another DAM said it and has no id for it' })),
    kind: oneOf(['comment', 'annotation'], { description: 'An annotation points at a region, a page or a moment' }),
    text: string(),
    by: optional(string({ description: 'Id of who said it' })),
    byName: optional(string()),
    createdAtMs: optional(timeMs()),
    updatedAtMs: optional(timeMs()),
    replyTo: optional(string()),
    resolved: boolean(),
    region: optional(region),
    page: optional(page),
    atMs: optional(atMs),
  }),
);

export const commentReference: Schema<{ readonly reference: string; readonly id: string }> = object({
  reference: assetReferenceText,
  id: string({
    minLength: 1,
    maxLength: 100,
    description: 'Id of a comment',
    examples: ['cmt_01m93k7q5v8x2c4r6t8w0y1z3b'],
  }),
});

export const approvalInputSchema: Schema<{
  readonly status: (typeof approvalStatuses)[number];
  readonly note?: string;
}> = named(
  'ApprovalInput',
  object({
    status: oneOf(approvalStatuses),
    note: optional(string({ minLength: 1, maxLength: limits.commentCharactersMax, description: 'Why' })),
  }),
);

export const approvalSchema: Schema<unknown> = named(
  'Approval',
  object({
    status: nullable(
      string({ description: `${approvalStatuses.join(', ')}, or the word of another DAM; null: nobody has decided` }),
    ),
    by: optional(string()),
    byName: optional(string()),
    atMs: optional(timeMs()),
    note: optional(string()),
  }),
);
