/**
 * Page cursors: opaque, tied to the workspace and the kind of query they came from, and unforgeable. A cursor of another
 * workspace, of another list or with a changed byte is `invalid_cursor`, so nothing can be learnt by trying (TN-06).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { AssetwireError } from '../core/errors.ts';

export type CursorCodec = {
  encode(scope: CursorScope, key: readonly (string | number)[]): string;
  /** Throws `invalid_cursor` for anything this codec did not make for this very scope. */
  decode(scope: CursorScope, cursor: string): readonly (string | number)[];
};

export type CursorScope = {
  /** Null for queries over all workspaces. */
  readonly workspaceId: string | null;
  /** Which list, in which order. */
  readonly list: string;
};

const codeBytes = 12;
const cursorCharactersMax = 1_024;

export function createCursorCodec(key: Uint8Array): CursorCodec {
  const codeOf = (scope: CursorScope, payload: string): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([scope.workspaceId, scope.list, payload]))
      .digest()
      .subarray(0, codeBytes);
  return {
    encode(scope, values) {
      const payload = JSON.stringify(values);
      return Buffer.concat([codeOf(scope, payload), Buffer.from(payload)]).toString('base64url');
    },
    decode(scope, cursor) {
      if (cursor.length > cursorCharactersMax) throw foreign();
      const bytes = Buffer.from(cursor, 'base64url');
      // Node skips characters that are not base64url; only the one spelling that we wrote is ours.
      if (bytes.length <= codeBytes || bytes.toString('base64url') !== cursor) throw foreign();
      const payload = bytes.toString('utf8', codeBytes);
      if (!timingSafeEqual(bytes.subarray(0, codeBytes), codeOf(scope, payload))) throw foreign();
      return JSON.parse(payload) as readonly (string | number)[];
    },
  };
}

function foreign(): AssetwireError {
  return new AssetwireError('invalid_cursor', {
    detail: 'A cursor must be one that this list gave out: found another',
    mend: 'Begin again without a cursor',
  });
}

/** A number that a cursor must hold at this place. */
export function cursorNumber(value: string | number | undefined): number {
  if (typeof value !== 'number') throw foreign();
  return value;
}

/** A text that a cursor must hold at this place. */
export function cursorText(value: string | number | undefined): string {
  if (typeof value !== 'string') throw foreign();
  return value;
}
