import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import { useAll, useChange, useList, useMay } from '../api/queries.ts';
import type { Role, User } from '../api/people.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { CheckField, problemAt, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Badge, Empty, Failure, Loading, type Tone } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { PartHead, Scopes, ShownOnce } from './settings-parts.tsx';

const tones: { readonly [state in User['state']]: Tone } = { invited: 'info', active: 'good', disabled: 'bad' };

export function Users() {
  const list = useList<User>('/v1/users');
  const roles = useAll<Role>('/v1/roles');
  const may = useMay('keys:write');
  const [open, setOpen] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  const change = useChange(['/v1/users']);
  const newLink = useChange<{ readonly url: string }>(['/v1/users'], { onDone: ({ url }) => setLink(url) });
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
            columns={[
              {
                name: words.common.name,
                cell: ({ name, email }) => (
                  <>
                    {name} <span className="quiet cut">{email}</span>
                  </>
                ),
              },
              {
                name: words.common.state,
                kind: 'fit',
                cell: ({ state }) => <Badge tone={tones[state]}>{words.settings.userStates[state]}</Badge>,
              },
              {
                name: words.settings.roles,
                cell: ({ roles: held, admin }) => [...held, ...(admin ? [words.settings.adminKey] : [])].join(', '),
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
              {
                name: <Heard>{words.common.actions}</Heard>,
                kind: 'fit',
                cell: ({ id, state }) =>
                  may ? (
                    <span className="row" style={{ flexWrap: 'nowrap' }}>
                      <Button
                        small
                        onClick={() => newLink.mutate({ method: 'POST', path: `/v1/users/${id}/password-link` })}
                      >
                        {words.settings.newLink}
                      </Button>
                      <Button
                        small
                        look={state === 'disabled' ? 'plain' : 'danger'}
                        onClick={() =>
                          change.mutate({
                            method: 'PATCH',
                            path: `/v1/users/${id}`,
                            body: { disabled: state !== 'disabled' },
                          })
                        }
                      >
                        {state === 'disabled' ? words.settings.enableUser : words.settings.disableUser}
                      </Button>
                    </span>
                  ) : null,
              },
            ]}
          />
        </Card>
      )}
      <Card flush title={words.settings.roles}>
        <p className="quiet card-lead">{words.settings.rolesLead}</p>
        <Table
          label={words.settings.roles}
          items={roles.data ?? []}
          idOf={({ id }) => id}
          columns={[
            {
              name: words.common.name,
              cell: ({ name, id }) => (
                <>
                  {name} <span className="quiet mono cut">{id}</span>
                </>
              ),
            },
            { name: words.settings.scopes, cell: ({ scopes }) => <Scopes of={scopes} /> },
            {
              name: <Heard>{words.common.actions}</Heard>,
              kind: 'fit',
              cell: ({ builtIn }) => (builtIn ? <Badge bare>{words.settings.builtIn}</Badge> : null),
            },
          ]}
        />
      </Card>
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
      {link === null ? null : (
        <Dialog
          title={words.settings.newLink}
          onClose={() => setLink(null)}
          footer={
            <Button look="primary" onClick={() => setLink(null)}>
              {words.common.done}
            </Button>
          }
        >
          <ShownOnce text={link} name={words.settings.newLink}>
            {words.settings.invitation}
          </ShownOnce>
        </Dialog>
      )}
    </>
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
      <fieldset className="field">
        <legend>{words.settings.roles}</legend>
        {roles.map(({ id, name: label, scopes }) => (
          <CheckField
            key={id}
            label={label}
            hint={scopes.join(', ')}
            checked={chosen.includes(id)}
            onChange={(on) => setChosen(on ? [...chosen, id] : chosen.filter((kept) => kept !== id))}
          />
        ))}
      </fieldset>
    </Dialog>
  );
}
