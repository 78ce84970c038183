import type { IncomingMessage } from 'node:http';
import { limits } from '../core/limits.ts';
import { invalidRequest } from './problem.ts';

/** The versions that a request says it was decided on. */
export type IfMatch = { readonly ifMatch: readonly number[] };

const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;
const ownTag = /^"(\d{1,15})"$/;

/**
 * The request's `If-Match`; undefined where there is none, or `*`, which any state fits. Tags are compared strongly (RFC
 * 9110): a weak one, or one that is not ours, fits nothing. Throws `invalid_request` for what is no entity tag.
 */
export function ifMatchOf({ headers }: IncomingMessage): IfMatch | undefined {
  const header = headers['if-match']?.trim();
  if (header === undefined || header === '*') return undefined;
  const tags = header.split(',').map((tag) => tag.trim());
  if (tags.length > limits.ifMatchTagsMax || !tags.every((tag) => entityTag.test(tag))) {
    throw invalidRequest(
      [
        {
          at: '/If-Match',
          wanted: `the ETag of the asset in quotes, such as "3", or at most ${limits.ifMatchTagsMax} of them`,
          found: JSON.stringify(header.slice(0, 60)),
        },
      ],
      'the header If-Match',
    );
  }
  return { ifMatch: tags.flatMap((tag) => ownTag.exec(tag)?.[1] ?? []).map(Number) };
}

/** The `ETag` of a state: its version. */
export function versionTag(version: number): string {
  return `"${version}"`;
}
