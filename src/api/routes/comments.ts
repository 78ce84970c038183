import { created, noContent, ok, type Route, route } from '../route.ts';
import { object } from '../schema.ts';
import { assetReference } from '../schemas/asset.ts';
import { pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import {
  approvalInputSchema,
  approvalSchema,
  commentInputSchema,
  commentPatchSchema,
  commentReference,
  commentSchema,
} from '../schemas/comment.ts';
import { paging } from '../schemas/people.ts';

const area = 'comments';

const listComments = route({
  method: 'GET',
  path: '/v1/assets/{reference}/comments',
  operation: 'listComments',
  area,
  summary: 'List what people have said about an asset, oldest first',
  scope: 'assets:read',
  grantable: true,
  params: assetReference,
  query: object(paging),
  answers: { 200: { description: 'A page of comments', schema: pageOf(commentSchema) } },
  errors: ['gone', 'invalid_cursor'],
  async handle({ caller, params, query = {} }, { app }) {
    return ok(shownPage(await app.comments.list(caller, params.reference, pageOptions(query))));
  },
});

const addComment = route({
  method: 'POST',
  path: '/v1/assets/{reference}/comments',
  operation: 'addComment',
  area,
  summary: 'Say something about an asset, or about a part of it',
  description:
    'With a region, a page or a moment of a film it is an annotation. Told as `asset.comments_changed`; the asset carries it in `info.comments`.',
  scope: 'assets:write',
  grantable: true,
  params: assetReference,
  body: commentInputSchema,
  answers: { 201: { description: 'The comment', schema: commentSchema } },
  errors: ['gone', 'conflict', 'limit_reached'],
  async handle({ caller, params, body }, { app }) {
    const { reference } = params;
    const comment = await app.comments.add(caller, reference, body);
    return created(comment, `/v1/assets/${encodeURIComponent(reference)}/comments/${comment.id ?? ''}`);
  },
});

const getComment = route({
  method: 'GET',
  path: '/v1/assets/{reference}/comments/{id}',
  operation: 'getComment',
  area,
  summary: 'Show a comment',
  scope: 'assets:read',
  grantable: true,
  params: commentReference,
  answers: { 200: { description: 'The comment', schema: commentSchema } },
  errors: ['gone'],
  async handle({ caller, params }, { app }) {
    return ok(await app.comments.get(caller, params.reference, params.id));
  },
});

const updateComment = route({
  method: 'PATCH',
  path: '/v1/assets/{reference}/comments/{id}',
  operation: 'updateComment',
  area,
  summary: 'Change a comment, or say that it is done with',
  scope: 'assets:write',
  grantable: true,
  params: commentReference,
  body: commentPatchSchema,
  answers: { 200: { description: 'The comment', schema: commentSchema } },
  errors: ['gone', 'conflict'],
  async handle({ caller, params, body }, { app }) {
    return ok(await app.comments.update(caller, params.reference, { ...body, id: params.id }));
  },
});

const deleteComment = route({
  method: 'DELETE',
  path: '/v1/assets/{reference}/comments/{id}',
  operation: 'deleteComment',
  area,
  summary: 'Delete a comment; answers to it stay',
  scope: 'assets:write',
  grantable: true,
  params: commentReference,
  answers: { 204: { description: 'Deleted' } },
  errors: ['gone', 'conflict'],
  async handle({ caller, params }, { app }) {
    await app.comments.remove(caller, params.reference, params.id);
    return noContent;
  },
});

const getApproval = route({
  method: 'GET',
  path: '/v1/assets/{reference}/approval',
  operation: 'getApproval',
  area,
  summary: 'Show whether an asset is approved, by whom and when',
  scope: 'assets:read',
  grantable: true,
  params: assetReference,
  answers: { 200: { description: 'The decision', schema: approvalSchema } },
  errors: ['gone'],
  async handle({ caller, params }, { app }) {
    return ok(await app.comments.approval(caller, params.reference));
  },
});

const setApproval = route({
  method: 'PUT',
  path: '/v1/assets/{reference}/approval',
  operation: 'setApproval',
  area,
  summary: 'Approve an asset, reject it, or leave it to be decided',
  description: 'Told as `asset.approval_changed`; the asset carries it as `info.approval`.',
  scope: 'assets:write',
  grantable: true,
  params: assetReference,
  body: approvalInputSchema,
  answers: { 200: { description: 'The decision', schema: approvalSchema } },
  errors: ['gone', 'conflict'],
  async handle({ caller, params, body }, { app }) {
    return ok(await app.comments.decide(caller, params.reference, body));
  },
});

const deleteApproval = route({
  method: 'DELETE',
  path: '/v1/assets/{reference}/approval',
  operation: 'deleteApproval',
  area,
  summary: 'Take the decision back, as if there had been none',
  scope: 'assets:write',
  grantable: true,
  params: assetReference,
  answers: { 204: { description: 'Taken back' } },
  errors: ['gone', 'conflict'],
  async handle({ caller, params }, { app }) {
    await app.comments.decide(caller, params.reference, null);
    return noContent;
  },
});

export const commentRoutes: readonly Route[] = [
  listComments,
  addComment,
  getComment,
  updateComment,
  deleteComment,
  getApproval,
  setApproval,
  deleteApproval,
];
