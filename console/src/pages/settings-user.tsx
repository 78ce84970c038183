import { IconChevronLeft } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { Problem } from '../api/ask.ts';
import type { Role, User } from '../api/people.ts';
import { useAll, useAsk, useCaller, useChange, useIsAdmin, useMay } from '../api/queries.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { CheckField, problemAt, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Badge, Loaded, Notice } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { SessionsList } from './sessions-list.tsx';
import { userTones } from './user-tones.ts';

/** One person: name, address and roles to change, whether they may come in, and where they are signed in. */
export function UserPart({
  id,
  onLink,
  onGone,
}: {
  readonly id: string;
  readonly onLink: (url: string) => void;
  readonly onGone: () => void;
}) {
  const user = useAsk<User>(`/v1/users/${encodeURIComponent(id)}`);
  const roles = useAll<Role>('/v1/roles');
  const may = useMay('keys:write');
  return (
    <>
      <p>
        <Link href="/settings/users" className="crumb">
          <IconChevronLeft size={14} aria-hidden /> {words.settings.parts.users}
        </Link>
      </p>
      <Loaded of={user}>
        {(found) => (
          <>
            <UserForm key={found.id} user={found} roles={roles.data ?? []} may={may} />
            <SessionsList of={{ holder: `user:${found.id}`, name: found.name }} />
            {may ? <Access user={found} onLink={onLink} onGone={onGone} /> : null}
          </>
        )}
      </Loaded>
    </>
  );
}

function UserForm({
  user,
  roles,
  may,
}: {
  readonly user: User;
  readonly roles: readonly Role[];
  readonly may: boolean;
}) {
  const { data: caller } = useCaller();
  const isAdmin = useIsAdmin();
  const [name, setName] = useState(user.name);
  const [email, setEmail] = useState(user.email);
  const [held, setHeld] = useState(user.roles);
  const [admin, setAdmin] = useState(user.admin);
  const save = useChange<User>(['/v1/users', '/v1/sessions'], {
    quiet: true,
    onDone: () => tell(words.roles.saved),
  });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  return (
    <Card
      title={
        <>
          {user.name} <Badge tone={userTones[user.state]}>{words.settings.userStates[user.state]}</Badge>
          {caller?.actor.id === user.id ? <Badge bare>{words.users.self}</Badge> : null}
        </>
      }
    >
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const body = { name, email, roles: held, ...(admin === user.admin ? {} : { admin }) };
          save.mutate({ method: 'PATCH', path: `/v1/users/${user.id}`, body });
        }}
      >
        {save.error === null ? null : <FormFailure error={save.error} />}
        <div className="columns">
          <TextField label={words.common.name} problem={problemAt(problems, '/name')} value={name} onChange={setName} />
          <TextField
            label={words.settings.email}
            type="email"
            problem={problemAt(problems, '/email')}
            value={email}
            onChange={setEmail}
          />
        </div>
        <RoleChoice roles={roles} chosen={held} onChange={setHeld} problem={problemAt(problems, '/roles')} />
        {isAdmin || user.admin ? (
          <CheckField label={words.users.admin} checked={admin} disabled={!isAdmin} onChange={setAdmin} />
        ) : null}
        {may ? (
          <div>
            <Button type="submit" look="primary" busy={save.isPending}>
              {words.common.save}
            </Button>
          </div>
        ) : null}
      </form>
    </Card>
  );
}

/** Roles with what each allows, to be ticked. */
export function RoleChoice({
  roles,
  chosen,
  onChange,
  problem,
}: {
  readonly roles: readonly Role[];
  readonly chosen: readonly string[];
  readonly onChange: (roles: readonly string[]) => void;
  readonly problem?: string | undefined;
}) {
  return (
    <fieldset className="field">
      <legend>{words.users.rolesOf}</legend>
      <p className="hint">{words.users.rolesHint}</p>
      {problem === undefined ? null : <div className="wrong">{problem}</div>}
      <div className="event-list">
        {roles.map(({ id, name, scopes }) => (
          <CheckField
            key={id}
            label={name}
            hint={allowed(scopes)}
            checked={chosen.includes(id)}
            onChange={(on) => onChange(on ? [...chosen, id] : chosen.filter((kept) => kept !== id))}
          />
        ))}
      </div>
      {chosen.length === 0 ? <Notice tone="warn">{words.users.noRole}</Notice> : null}
    </fieldset>
  );
}

/** `Assets: look, change. Deliveries: look.` */
function allowed(scopes: readonly string[]): string {
  return words.scopes.areas
    .map(({ title, scopes: known }) => ({ title, has: known.filter(([scope]) => scopes.includes(scope)) }))
    .filter(({ has }) => has.length > 0)
    .map(({ title, has }) =>
      words.roles.areaAllows(
        title,
        has.map(([, verb]) => verb),
      ),
    )
    .join(' ');
}

function Access({
  user,
  onLink,
  onGone,
}: {
  readonly user: User;
  readonly onLink: (url: string) => void;
  readonly onGone: () => void;
}) {
  const [asked, setAsked] = useState(false);
  const path = `/v1/users/${user.id}`;
  const change = useChange(['/v1/users', '/v1/sessions']);
  const remove = useChange(['/v1/users', '/v1/sessions'], { quiet: true, onDone: onGone });
  const link = useChange<{ readonly url: string }>(['/v1/users'], { onDone: ({ url }) => onLink(url) });
  const disabled = user.state === 'disabled';
  return (
    <Card title={words.users.access}>
      <div className="stack">
        <p className="quiet">{words.users.disableLead}</p>
        <div className="row">
          <Button busy={link.isPending} onClick={() => link.mutate({ method: 'POST', path: `${path}/password-link` })}>
            {words.users.passwordLink}
          </Button>
          <Button
            {...(disabled ? {} : { look: 'danger' })}
            busy={change.isPending}
            onClick={() => change.mutate({ method: 'PATCH', path, body: { disabled: !disabled } })}
          >
            {disabled ? words.settings.enableUser : words.settings.disableUser}
          </Button>
          <Button look="danger" onClick={() => setAsked(true)}>
            {words.users.remove}
          </Button>
        </div>
      </div>
      {asked ? (
        <Confirm
          title={words.users.removeTitle(user.name)}
          action={words.users.remove}
          busy={remove.isPending}
          typed={user.name}
          onClose={() => setAsked(false)}
          onConfirm={() => remove.mutate({ method: 'DELETE', path })}
        >
          {remove.error === null ? null : <FormFailure error={remove.error} />}
          <p>{words.users.removeLead}</p>
        </Confirm>
      ) : null}
    </Card>
  );
}
