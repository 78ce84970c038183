/** Passwords that people set themselves: behind a one-time link, or by giving the present one. */
import { AssetwireError } from '../core/errors.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, Origin } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Decide } from './committer.ts';
import type { UserView } from './people.ts';
import { notFound } from './refusals.ts';
import { traceThrottle } from './sign-in-trace.ts';
import { answerOf, emailAlias, type StoredUser, storedUser, userView } from './user-state.ts';
import type { UsersDeps } from './users.ts';

/** The user whose password was set; null where the link is not, or no longer, good. */
export async function redeemLink(
  deps: UsersDeps,
  { token, password, from }: { readonly token: string; readonly password: string; readonly from: Origin | undefined },
): Promise<UserView | null> {
  const { committer, ids, links, passwords, storage } = deps;
  const link = await links.find(token);
  if (link === null) return null;
  const { workspaceId, id } = link;
  const [row] = await storage.resources([{ workspaceId, type: 'user', id }]);
  if (row === undefined || row === null) return null;
  const hash = await passwords.hash(password, storedUser(row.state));
  const written = await committer.writeAlone<Resource | null>(
    { workspaceId, type: 'user', id },
    [link],
    (current, atMs, { others: [invitation = null] }) => {
      // Of two who bring the link at once, the second finds it gone (HARDENING AK-11, AK-15).
      if (current === null || invitation === null || !links.isGood(invitation, token)) {
        return { kind: 'nothing', answer: null };
      }
      const before = storedUser(current.state);
      const state: StoredUser = {
        ...before,
        state: before.state === 'disabled' ? 'disabled' : 'active',
        password: hash,
        passwordSetAtMs: atMs,
      };
      const actor = { type: 'user', id, name: before.name } as const;
      const caller = { actor, keyId: id, ...(from === undefined ? {} : { from }) };
      const note = { action: 'user.password_set', target: `user:${id}` };
      return {
        kind: 'write',
        plan: {
          state,
          changes: [],
          resources: [
            { type: 'invitation', id, expectedVersion: invitation.version, state: null },
            auditWrite({ ids, caller }, note, atMs),
          ],
        },
        answer: () => ({ ...current, state, updatedAtMs: atMs }),
      };
    },
  );
  const user = answerOf(written);
  return user === null ? null : userView(user);
}

/** Ends every session of the user. False where `present` is not the present password. */
export async function changePassword(
  deps: UsersDeps,
  caller: Caller,
  { present, next }: { readonly present: string; readonly next: string },
): Promise<boolean> {
  const { committer, ids, passwords, storage, throttle } = deps;
  const { actor, homeWorkspaceId: workspaceId = caller.workspaceId } = caller;
  if (caller.actor.type !== 'user') return refuseProgram();
  const [row] = await storage.resources([{ workspaceId, type: 'user', id: actor.id }]);
  if (row === undefined || row === null) return refuseProgram();
  const user = storedUser(row.state);
  const name = `${workspaceId} ${emailAlias(user.email)}`;
  throttle.assertMayTry(name);
  if (!(await passwords.matches(present, user.password))) {
    if (throttle.wrong(name)) traceThrottle(deps, row, caller.from);
    return false;
  }
  const hash = await passwords.hash(next, user);
  const decide: Decide<undefined> = (current, atMs) => {
    if (current === null) throw notFound('the user');
    const note = { action: 'user.password_set', target: `user:${actor.id}` };
    return {
      kind: 'write',
      plan: {
        state: { ...storedUser(current.state), password: hash, passwordSetAtMs: atMs },
        changes: [],
        resources: [auditWrite({ ids, caller }, note, atMs)],
      },
      answer: () => undefined,
    };
  };
  await committer.write({ workspaceId, type: 'user', id: actor.id }, decide);
  return true;
}

function refuseProgram(): never {
  throw new AssetwireError('forbidden', {
    detail: 'Change your own password as a signed-in user: the caller is none',
    mend: 'Sign in with e-mail and password: keys have no password',
  });
}
