import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import type { Role, User } from '../api/people.ts';
import { useAll, useChange, useMay } from '../api/queries.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { problemAt, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Badge, Loaded, Notice } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { ScopeMatrix } from './scope-matrix.tsx';
import { PartHead, Scopes } from './settings-parts.tsx';

type Open =
  | { readonly do: 'make'; readonly like?: Role }
  | { readonly do: 'edit' | 'look' | 'delete'; readonly role: Role };

/** What people may do: the built-in roles, and those of the workspace's own, made and changed here. */
export function Roles() {
  const roles = useAll<Role>('/v1/roles');
  const users = useAll<User>('/v1/users');
  const may = useMay('keys:write');
  const [open, setOpen] = useState<Open | null>(null);
  const holdersOf = (role: Role) => (users.data ?? []).filter((user) => user.roles.includes(role.id));
  const close = () => setOpen(null);
  return (
    <>
      <PartHead
        lead={words.roles.lead}
        action={
          may ? (
            <Button look="primary" icon={<IconPlus size={16} aria-hidden />} onClick={() => setOpen({ do: 'make' })}>
              {words.roles.new}
            </Button>
          ) : null
        }
      />
      <Loaded of={roles}>
        {(items) => (
          <Card flush>
            <Table
              label={words.roles.title}
              items={items}
              idOf={({ id }) => id}
              columns={[
                {
                  name: words.roles.name,
                  cell: ({ name, id }) => (
                    <>
                      {name} <span className="quiet mono cut">{id}</span>
                    </>
                  ),
                },
                { name: words.roles.may, cell: ({ scopes }) => <Scopes of={scopes} /> },
                {
                  name: words.roles.holders,
                  kind: 'fit',
                  wide: true,
                  cell: (role) => <Holders of={holdersOf(role)} />,
                },
                {
                  name: <Heard>{words.common.actions}</Heard>,
                  kind: 'fit',
                  cell: (role) => (
                    <span className="row" style={{ flexWrap: 'nowrap' }}>
                      {role.builtIn ? <Badge bare>{words.settings.builtIn}</Badge> : null}
                      <Button
                        small
                        label={`${role.builtIn || !may ? words.roles.look : words.common.edit}: ${role.name}`}
                        onClick={() => setOpen({ do: role.builtIn || !may ? 'look' : 'edit', role })}
                      >
                        {role.builtIn || !may ? words.roles.look : words.common.edit}
                      </Button>
                      {role.builtIn || !may ? null : (
                        <Button
                          small
                          look="plain"
                          label={`${words.common.delete}: ${role.name}`}
                          icon={<IconTrash size={15} aria-hidden />}
                          onClick={() => setOpen({ do: 'delete', role })}
                        />
                      )}
                    </span>
                  ),
                },
              ]}
            />
          </Card>
        )}
      </Loaded>
      {open?.do === 'make' ? <RoleForm like={open.like} onClose={close} /> : null}
      {open?.do === 'edit' ? <RoleForm key={open.role.id} role={open.role} onClose={close} /> : null}
      {open?.do === 'look' ? (
        <Dialog
          wide
          title={open.role.name}
          onClose={close}
          footer={
            may ? (
              <Button look="primary" onClick={() => setOpen({ do: 'make', like: open.role })}>
                {words.roles.copy}
              </Button>
            ) : null
          }
        >
          {open.role.builtIn ? <p className="quiet">{words.roles.builtInLead}</p> : null}
          <ScopeMatrix chosen={open.role.scopes} />
        </Dialog>
      ) : null}
      {open?.do === 'delete' ? <DeleteRole role={open.role} holders={holdersOf(open.role)} onClose={close} /> : null}
    </>
  );
}

function Holders({ of }: { readonly of: readonly User[] }) {
  if (of.length === 0) return <span className="quiet">{words.roles.nobody}</span>;
  return <span title={of.map(({ name }) => name).join(', ')}>{words.roles.holdersOf(of.length)}</span>;
}

function RoleForm({
  role,
  like,
  onClose,
}: {
  readonly role?: Role;
  readonly like?: Role | undefined;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState(role?.name ?? (like === undefined ? '' : words.roles.copyName(like.name)));
  const [ownId, setId] = useState<string | null>(null);
  const [scopes, setScopes] = useState<readonly string[]>((role ?? like)?.scopes ?? ['assets:read']);
  const save = useChange<Role>(['/v1/roles'], {
    quiet: true,
    onDone: () => {
      tell(role === undefined ? words.common.saved : words.roles.saved);
      onClose();
    },
  });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  const id = ownId ?? idOfName(name);
  return (
    <Dialog
      wide
      title={role?.name ?? words.roles.new}
      onClose={onClose}
      onSubmit={() =>
        save.mutate(
          role === undefined
            ? { method: 'POST', path: '/v1/roles', body: { id, name, scopes } }
            : { method: 'PATCH', path: `/v1/roles/${role.id}`, body: { name, scopes } },
        )
      }
      footer={
        <Button type="submit" look="primary" busy={save.isPending}>
          {role === undefined ? words.common.create : words.common.save}
        </Button>
      }
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      <TextField
        label={words.roles.name}
        autoFocus
        problem={problemAt(problems, '/name')}
        value={name}
        onChange={setName}
      />
      {role === undefined ? (
        <TextField
          label={words.roles.id}
          mono
          hint={words.roles.idHint}
          problem={problemAt(problems, '/id')}
          value={id}
          onChange={setId}
        />
      ) : null}
      <ScopeMatrix chosen={scopes} onChange={setScopes} />
      {scopes.length === 0 ? <Notice tone="warn">{words.roles.nothing}</Notice> : null}
    </Dialog>
  );
}

function DeleteRole({
  role,
  holders,
  onClose,
}: {
  readonly role: Role;
  readonly holders: readonly User[];
  readonly onClose: () => void;
}) {
  const remove = useChange(['/v1/roles'], { quiet: true, onDone: onClose });
  if (holders.length > 0) {
    return (
      <Dialog
        title={words.roles.deleteTitle(role.name)}
        onClose={onClose}
        footer={<Button onClick={onClose}>{words.common.close}</Button>}
      >
        <p>{words.roles.inUse(holders.length)}</p>
        <ul className="plain-list">
          {holders.map(({ id, name, email }) => (
            <li key={id}>
              {name} <span className="quiet">{email}</span>
            </li>
          ))}
        </ul>
      </Dialog>
    );
  }
  return (
    <Confirm
      title={words.roles.deleteTitle(role.name)}
      action={words.common.delete}
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() => remove.mutate({ method: 'DELETE', path: `/v1/roles/${role.id}` })}
    >
      {remove.error === null ? null : <FormFailure error={remove.error} />}
      <p>{words.roles.deleteLead}</p>
    </Confirm>
  );
}

/** `Press office, Paris` is `press-office-paris`. */
function idOfName(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 63);
}
