import { IconBooks, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { Problem } from '../api/ask.ts';
import type { Library } from '../api/people.ts';
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
import { PartHead } from './settings-parts.tsx';

type Open = { readonly do: 'make' } | { readonly do: 'edit' | 'delete'; readonly library: Library };

const path = '/v1/libraries';
const at = (key: string): string => `${path}/${encodeURIComponent(key)}`;

/** The parts that the assets of the workspace are divided into: made, renamed, taken away. */
export function Libraries() {
  const libraries = useAll<Library>(path);
  const may = useMay('settings:write');
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <PartHead
        lead={words.libraries.lead}
        action={
          may ? (
            <Button look="primary" icon={<IconPlus size={16} aria-hidden />} onClick={() => setOpen({ do: 'make' })}>
              {words.libraries.make}
            </Button>
          ) : null
        }
      />
      <Loaded of={libraries}>
        {(items) => (
          <Card flush>
            <Table
              label={words.settings.parts.libraries}
              items={items}
              idOf={({ key }) => key}
              {...(may ? { onOpen: (library: Library) => setOpen({ do: 'edit', library }) } : {})}
              columns={[
                {
                  name: words.common.name,
                  cell: ({ key, name, builtIn }) => (
                    <>
                      {name} <span className="quiet mono cut">{key}</span>{' '}
                      {builtIn ? <Badge bare>{words.settings.builtIn}</Badge> : null}
                    </>
                  ),
                },
                {
                  name: words.libraries.description,
                  wide: true,
                  cell: ({ description }) => <span className="cut">{description ?? ''}</span>,
                },
                {
                  name: words.libraries.organization,
                  wide: true,
                  cell: ({ organization }) => <span className="mono cut">{organization}</span>,
                },
                {
                  name: <Heard>{words.common.actions}</Heard>,
                  kind: 'fit',
                  cell: (library) =>
                    may ? (
                      <span className="row" style={{ flexWrap: 'nowrap' }}>
                        <Button
                          small
                          label={words.libraries.edit(library.name)}
                          onClick={() => setOpen({ do: 'edit', library })}
                        >
                          {words.common.edit}
                        </Button>
                        {library.builtIn ? null : (
                          <Button
                            small
                            look="plain"
                            label={words.libraries.remove(library.name)}
                            icon={<IconTrash size={15} aria-hidden />}
                            onClick={() => setOpen({ do: 'delete', library })}
                          />
                        )}
                      </span>
                    ) : null,
                },
              ]}
            />
          </Card>
        )}
      </Loaded>
      {libraries.data?.length === 1 ? (
        <Notice>
          <span className="row">
            <IconBooks size={16} aria-hidden /> {words.libraries.onlyOne}
          </span>
        </Notice>
      ) : null}
      {open?.do === 'make' ? <LibraryForm onClose={close} /> : null}
      {open?.do === 'edit' ? <LibraryForm key={open.library.key} library={open.library} onClose={close} /> : null}
      {open?.do === 'delete' ? <DeleteLibrary library={open.library} onClose={close} /> : null}
    </>
  );
}

function LibraryForm({ library, onClose }: { readonly library?: Library; readonly onClose: () => void }) {
  const [key, setKey] = useState(library?.key ?? '');
  const [name, setName] = useState(library?.name ?? '');
  const [description, setDescription] = useState(library?.description ?? '');
  const [organization, setOrganization] = useState(library?.organization ?? '');
  const save = useChange([path], {
    quiet: true,
    onDone() {
      tell(words.common.saved);
      onClose();
    },
  });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  const submit = () => {
    if (library === undefined)
      save.mutate({
        method: 'POST',
        path,
        body: {
          key: key.trim(),
          ...(name.trim() === '' ? {} : { name: name.trim() }),
          ...(description === '' ? {} : { description }),
          ...(organization.trim() === '' ? {} : { organization: organization.trim() }),
        },
      });
    else
      save.mutate({
        method: 'PATCH',
        path: at(library.key),
        ifMatch: `"${library.version}"`,
        body: {
          ...(name === library.name ? {} : { name: name.trim() }),
          ...(description === (library.description ?? '')
            ? {}
            : { description: description === '' ? null : description }),
          ...(organization === library.organization
            ? {}
            : { organization: organization.trim() === '' ? null : organization.trim() }),
        },
      });
  };
  return (
    <Dialog
      title={library === undefined ? words.libraries.make : words.libraries.edit(library.name)}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look="primary" busy={save.isPending}>
            {library === undefined ? words.common.create : words.common.save}
          </Button>
        </>
      }
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      {library === undefined ? (
        <TextField
          label={words.libraries.key}
          hint={words.libraries.keyHint}
          mono
          autoFocus
          problem={problemAt(problems, '/key')}
          value={key}
          onChange={setKey}
        />
      ) : (
        <p className="quiet">
          {words.libraries.keyStays} <code>{library.key}</code>
        </p>
      )}
      <TextField
        label={words.common.name}
        hint={words.libraries.nameHint}
        problem={problemAt(problems, '/name')}
        value={name}
        onChange={setName}
      />
      <TextField
        label={words.libraries.description}
        lines={2}
        problem={problemAt(problems, '/description')}
        value={description}
        onChange={setDescription}
      />
      <TextField
        label={words.libraries.organization}
        hint={words.libraries.organizationHint}
        mono
        problem={problemAt(problems, '/organization')}
        value={organization}
        onChange={setOrganization}
      />
    </Dialog>
  );
}

function DeleteLibrary({ library, onClose }: { readonly library: Library; readonly onClose: () => void }) {
  const remove = useChange([path, '/v1/webhooks'], { quiet: true, onDone: onClose });
  return (
    <Confirm
      title={words.libraries.removeTitle(library.name)}
      action={words.common.delete}
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() => remove.mutate({ method: 'DELETE', path: at(library.key), ifMatch: `"${library.version}"` })}
    >
      {remove.error === null ? null : <FormFailure error={remove.error} />}
      <p>{words.libraries.removeLead(library.key)}</p>
      <p>
        <Link href={`/assets?q=${encodeURIComponent(`library:${library.key}`)}`}>{words.libraries.removeSee}</Link>
      </p>
    </Confirm>
  );
}
