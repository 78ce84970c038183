import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { Problem } from '../api/ask.ts';
import { useAll, useChange, useList, useMay } from '../api/queries.ts';
import type { Role, User } from '../api/people.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { problemAt, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Badge, Empty, Failure, Loading } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { PartHead, ShownOnce } from './settings-parts.tsx';
import { RoleChoice, UserPart } from './settings-user.tsx';
import { userTones } from './user-tones.ts';

export function Users() {
  const list = useList<User>('/v1/users');
  const roles = useAll<Role>('/v1/roles');
  const may = useMay('keys:write');
  const [open, setOpen] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  const [{ user }, setFilters] = useFilters(['user']);
  const made = link === null ? null : <PasswordLinkShown url={link} onClose={() => setLink(null)} />;
  if (user !== '')
    return (
      <>
        <UserPart id={user} onLink={setLink} onGone={() => setFilters({ user: '' })} />
        {made}
      </>
    );
  const nameOf = (id: string) => roles.data?.find((role) => role.id === id)?.name ?? id;
  return (
    <>
      <PartHead
        lead={words.settings.usersLead}
        action={
          may ? (
            <Button look="primary" icon={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
              {words.settings.newUser}
            </Button>
          ) : null
        }
      />
      {list.error === null ? null : <Failure error={list.error} />}
      {list.items === undefined ? (
        <Loading />
      ) : list.items.length === 0 ? (
        <Card>
          <Empty title={words.settings.noUsers}>{words.settings.noUsersLead}</Empty>
        </Card>
      ) : (
        <Card flush>
          <Table
            label={words.settings.parts.users}
            items={list.items}
            idOf={({ id }) => id}
            onOpen={({ id }) => setFilters({ user: id })}
            more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
            columns={[
              {
                name: words.common.name,
                cell: ({ id, name, email }) => (
                  <>
                    <Link href={`/settings/users?user=${id}`}>{name}</Link> <span className="quiet cut">{email}</span>
                  </>
                ),
              },
              {
                name: words.common.state,
                kind: 'fit',
                cell: ({ state }) => <Badge tone={userTones[state]}>{words.settings.userStates[state]}</Badge>,
              },
              {
                name: words.settings.roles,
                cell: ({ roles: held, admin }) =>
                  [...held.map(nameOf), ...(admin ? [words.settings.adminKey] : [])].join(', '),
              },
              {
                name: words.settings.lastSignIn,
                kind: 'fit',
                cell: ({ lastSignInAtMs }) =>
                  lastSignInAtMs === null ? (
                    <span className="quiet">{words.settings.notUsed}</span>
                  ) : (
                    <Ago atMs={lastSignInAtMs} />
                  ),
              },
            ]}
          />
        </Card>
      )}
      {open ? (
        <Invite
          roles={roles.data ?? []}
          onClose={() => setOpen(false)}
          onMade={(url) => {
            setOpen(false);
            setLink(url);
          }}
        />
      ) : null}
      {made}
    </>
  );
}

function PasswordLinkShown({ url, onClose }: { readonly url: string; readonly onClose: () => void }) {
  return (
    <Dialog
      title={words.settings.newLink}
      onClose={onClose}
      footer={
        <Button look="primary" onClick={onClose}>
          {words.common.done}
        </Button>
      }
    >
      <ShownOnce text={url} name={words.settings.newLink}>
        {words.settings.invitation}
      </ShownOnce>
    </Dialog>
  );
}

function Invite({
  roles,
  onClose,
  onMade,
}: {
  readonly roles: readonly Role[];
  readonly onClose: () => void;
  readonly onMade: (url: string) => void;
}) {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>(['viewer']);
  const make = useChange<User>(['/v1/users'], { quiet: true, onDone: ({ link }) => onMade(link?.url ?? '') });
  const problems = make.error instanceof Problem ? make.error.problems : [];
  return (
    <Dialog
      title={words.settings.newUser}
      onClose={onClose}
      onSubmit={() => make.mutate({ method: 'POST', path: '/v1/users', body: { name, email, roles: chosen } })}
      footer={
        <Button type="submit" look="primary" busy={make.isPending}>
          {words.common.create}
        </Button>
      }
    >
      {make.error === null ? null : <FormFailure error={make.error} />}
      <TextField
        label={words.common.name}
        autoFocus
        problem={problemAt(problems, '/name')}
        value={name}
        onChange={setName}
      />
      <TextField
        label={words.settings.email}
        type="email"
        problem={problemAt(problems, '/email')}
        value={email}
        onChange={setEmail}
      />
      <RoleChoice roles={roles} chosen={chosen} onChange={setChosen} problem={problemAt(problems, '/roles')} />
    </Dialog>
  );
}
