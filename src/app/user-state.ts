/** A user as it is stored, and as it is shown: without the password's hash. */
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { UserState, UserView } from './people.ts';

export type StoredUser = {
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly admin: boolean;
  readonly state: UserState;
  /** As `passwords.ts` writes it; never shown. */
  readonly password: string | null;
  readonly passwordSetAtMs: number | null;
  readonly lastSignInAtMs: number | null;
};

/** Addresses differ by more than their case nowhere that matters. */
export function emailAlias(email: string): string {
  return email.toLowerCase();
}

export function userView(row: Resource): UserView {
  const { name, email, roles, admin, state, passwordSetAtMs, lastSignInAtMs } = storedUser(row.state);
  const { id, createdAtMs, updatedAtMs } = row;
  return { id, name, email, roles, admin, state, createdAtMs, updatedAtMs, passwordSetAtMs, lastSignInAtMs };
}

/** Rows of this type are written here and at sign-in only, in this shape. */
export function storedUser(state: JsonObject): StoredUser {
  return state as StoredUser;
}

/** The answer of a write that carries no idempotency row. */
export function answerOf<Answer>(
  written: { readonly kind: 'done'; readonly answer: Answer } | { readonly kind: 'duplicate' },
) {
  if (written.kind === 'duplicate') throw new TypeError('A user carries no idempotency row');
  return written.answer;
}
