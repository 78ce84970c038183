import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import { useAll, useChange, useMay } from '../api/queries.ts';
import type { MetadataField } from '../api/types.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { CheckField, problemAt, SelectField, TextField, WordsField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Empty, Loaded } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { words } from '../words/words.ts';
import { PartHead } from './settings-parts.tsx';

export function Fields() {
  const fields = useAll<MetadataField>('/v1/metadata-fields');
  const may = useMay('settings:write');
  const [open, setOpen] = useState<'new' | MetadataField | null>(null);
  const remove = useChange(['/v1/metadata-fields'], { onDone: () => setOpen(null) });
  const button = may ? (
    <Button look="primary" icon={<IconPlus size={16} aria-hidden />} onClick={() => setOpen('new')}>
      {words.settings.newField}
    </Button>
  ) : null;
  return (
    <>
      <PartHead lead={words.settings.fieldsLead} action={button} />
      <Loaded of={fields}>
        {(items) => (
          <Card flush>
            {items.length === 0 ? (
              <Empty title={words.settings.noFields}>{words.settings.noFieldsLead}</Empty>
            ) : (
              <Table
                label={words.settings.parts.fields}
                items={items}
                idOf={({ name }) => name}
                columns={[
                  { name: words.settings.fieldName, cell: ({ name }) => <span className="mono">{name}</span> },
                  { name: words.settings.fieldLabel, cell: ({ label }) => label ?? '' },
                  { name: words.settings.fieldType, kind: 'fit', cell: ({ type }) => words.settings.types[type] },
                  {
                    name: words.settings.fieldRequired,
                    kind: 'fit',
                    cell: ({ required }) => (required === true ? words.common.yes : ''),
                  },
                  {
                    name: words.settings.fieldOptions,
                    cell: ({ options }) => (
                      <span className="cut">{(options ?? []).map(({ value }) => value).join(', ')}</span>
                    ),
                  },
                  {
                    name: <Heard>{words.common.actions}</Heard>,
                    kind: 'fit',
                    cell: (field) =>
                      may ? (
                        <Button
                          small
                          look="plain"
                          label={words.common.delete}
                          icon={<IconTrash size={15} aria-hidden />}
                          onClick={() => setOpen(field)}
                        />
                      ) : null,
                  },
                ]}
              />
            )}
          </Card>
        )}
      </Loaded>
      {open === 'new' ? <NewField onClose={() => setOpen(null)} /> : null}
      {open !== null && open !== 'new' ? (
        <Confirm
          title={`${words.common.delete}: ${open.label ?? open.name}`}
          action={words.common.delete}
          busy={remove.isPending}
          onClose={() => setOpen(null)}
          onConfirm={() =>
            remove.mutate({ method: 'DELETE', path: `/v1/metadata-fields/${encodeURIComponent(open.name)}` })
          }
        >
          <p className="mono">{open.name}</p>
        </Confirm>
      ) : null}
    </>
  );
}

function NewField({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [label, setLabel] = useState('');
  const [type, setType] = useState<MetadataField['type']>('text');
  const [options, setOptions] = useState<readonly string[]>([]);
  const [required, setRequired] = useState(false);
  const make = useChange(['/v1/metadata-fields'], { quiet: true, onDone: onClose });
  const problems = make.error instanceof Problem ? make.error.problems : [];
  const chosen = type === 'select' || type === 'multiselect';
  return (
    <Dialog
      title={words.settings.newField}
      onClose={onClose}
      onSubmit={() =>
        make.mutate({
          method: 'POST',
          path: '/v1/metadata-fields',
          body: {
            name,
            type,
            ...(label === '' ? {} : { label }),
            ...(chosen ? { options: options.map((value) => ({ value })) } : {}),
            ...(required ? { required } : {}),
          },
        })
      }
      footer={
        <Button type="submit" look="primary" busy={make.isPending}>
          {words.common.create}
        </Button>
      }
    >
      {make.error === null ? null : <FormFailure error={make.error} />}
      <TextField
        label={words.settings.fieldName}
        autoFocus
        mono
        problem={problemAt(problems, '/name')}
        value={name}
        onChange={setName}
      />
      <TextField
        label={words.settings.fieldLabel}
        problem={problemAt(problems, '/label')}
        value={label}
        onChange={setLabel}
      />
      <SelectField
        label={words.settings.fieldType}
        value={type}
        choices={Object.entries(words.settings.types).map(([value, text]) => ({ value, label: text }))}
        onChange={(value) => setType(value as MetadataField['type'])}
      />
      {chosen ? (
        <WordsField
          label={words.settings.fieldOptions}
          problem={problemAt(problems, '/options')}
          values={options}
          onChange={setOptions}
        />
      ) : null}
      <CheckField label={words.settings.fieldRequired} checked={required} onChange={setRequired} />
    </Dialog>
  );
}
