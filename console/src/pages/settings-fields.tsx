import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useAll, useChange, useMay } from '../api/queries.ts';
import type { MetadataField } from '../api/metadata.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { CheckField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Empty, Loaded } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { words } from '../words/words.ts';
import { Counted, searchOf } from './field-consequences.tsx';
import { FieldMappings } from './field-mappings.tsx';
import { FieldForm } from './field-form.tsx';
import { FieldJobs, FieldRules } from './field-rules.tsx';
import { PartHead } from './settings-parts.tsx';

type Open = { readonly do: 'make' } | { readonly do: 'edit' | 'delete'; readonly field: MetadataField };

/** What assets have beyond name and tags: defined, ordered, changed and taken away. */
export function Fields() {
  const fields = useAll<MetadataField>('/v1/metadata-fields');
  const may = useMay('settings:write');
  const [open, setOpen] = useState<Open | null>(null);
  const move = useChange(['/v1/metadata-fields']);
  const close = () => setOpen(null);
  const to = ({ name }: MetadataField, position: number) =>
    move.mutate({
      method: 'PATCH',
      path: `/v1/metadata-fields/${encodeURIComponent(name)}`,
      body: { position },
    });
  return (
    <>
      <PartHead
        lead={words.settings.fieldsLead}
        action={
          may ? (
            <Button look="primary" icon={<IconPlus size={16} aria-hidden />} onClick={() => setOpen({ do: 'make' })}>
              {words.settings.newField}
            </Button>
          ) : null
        }
      />
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
                {...(may ? { onOpen: (field: MetadataField) => setOpen({ do: 'edit', field }) } : {})}
                columns={[
                  {
                    name: words.settings.fieldLabel,
                    cell: ({ name, label }) => (
                      <>
                        {label} <span className="quiet mono cut">{name}</span>
                      </>
                    ),
                  },
                  { name: words.settings.fieldType, kind: 'fit', cell: ({ type }) => words.settings.types[type] },
                  {
                    name: words.settings.fieldRequired,
                    kind: 'fit',
                    wide: true,
                    cell: ({ required }) => (required ? words.common.yes : ''),
                  },
                  {
                    name: words.settings.fieldOptions,
                    wide: true,
                    cell: ({ options }) => (
                      <span className="cut">
                        {(options ?? []).map(({ value, label }) => label ?? value).join(', ')}
                      </span>
                    ),
                  },
                  {
                    name: <Heard>{words.common.actions}</Heard>,
                    kind: 'fit',
                    cell: (field) =>
                      may ? (
                        <span className="row" style={{ flexWrap: 'nowrap' }}>
                          <span className="row wide-only" style={{ flexWrap: 'nowrap' }}>
                            <Button
                              small
                              look="plain"
                              disabled={field.position === 0 || move.isPending}
                              label={words.fields.up(field.label)}
                              icon={<IconArrowUp size={15} aria-hidden />}
                              onClick={() => to(field, field.position - 1)}
                            />
                            <Button
                              small
                              look="plain"
                              disabled={field.position === items.length - 1 || move.isPending}
                              label={words.fields.down(field.label)}
                              icon={<IconArrowDown size={15} aria-hidden />}
                              onClick={() => to(field, field.position + 1)}
                            />
                          </span>
                          <Button
                            small
                            label={words.fields.edit(field.label)}
                            onClick={() => setOpen({ do: 'edit', field })}
                          >
                            {words.common.edit}
                          </Button>
                          <Button
                            small
                            look="plain"
                            label={words.fields.delete(field.label)}
                            icon={<IconTrash size={15} aria-hidden />}
                            onClick={() => setOpen({ do: 'delete', field })}
                          />
                        </span>
                      ) : null,
                  },
                ]}
              />
            )}
          </Card>
        )}
      </Loaded>
      {(fields.data ?? []).length === 0 ? null : <FieldRules />}
      {fields.data === undefined ? null : <FieldMappings fields={fields.data} />}
      <FieldJobs />
      {open?.do === 'make' ? <FieldForm onClose={close} /> : null}
      {open?.do === 'edit' ? <FieldForm key={open.field.name} field={open.field} onClose={close} /> : null}
      {open?.do === 'delete' ? <DeleteField field={open.field} onClose={close} /> : null}
    </>
  );
}

function DeleteField({ field, onClose }: { readonly field: MetadataField; readonly onClose: () => void }) {
  const [values, setValues] = useState(false);
  const remove = useChange(['/v1/metadata-fields', '/v1/metadata-jobs'], { quiet: true, onDone: onClose });
  return (
    <Confirm
      title={words.fields.removeTitle(field.label)}
      action={words.common.delete}
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate({
          method: 'DELETE',
          path: `/v1/metadata-fields/${encodeURIComponent(field.name)}`,
          ...(values ? { query: { values: 'remove' } } : {}),
        })
      }
    >
      {remove.error === null ? null : <FormFailure error={remove.error} />}
      <p>
        <Counted q={searchOf(field.name)}>{words.fields.removeHas}</Counted>
      </p>
      <CheckField
        label={words.fields.removeValues}
        hint={words.fields.removeValuesHint}
        checked={values}
        onChange={setValues}
      />
    </Confirm>
  );
}
