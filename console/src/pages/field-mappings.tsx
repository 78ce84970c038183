import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { isOutdated, useAsk, useChange, useMay } from '../api/queries.ts';
import type { MetadataField, MetadataMapping, MetadataMappings } from '../api/metadata.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Failure } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { ApplyMappings } from './field-mappings-apply.tsx';
import { MappingForm, mappingsPath, OutdatedRules, ruleText } from './field-mapping-form.tsx';

type Open =
  | { readonly do: 'make' }
  | { readonly do: 'edit'; readonly mapping: MetadataMapping }
  | { readonly do: 'apply' };

/** Which embedded field becomes which field of an asset, in the order in which the rules are followed. */
export function FieldMappings({ fields }: { readonly fields: readonly MetadataField[] }) {
  const { data } = useAsk<MetadataMappings>(mappingsPath);
  const may = useMay('settings:write');
  const [open, setOpen] = useState<Open | null>(null);
  const save = useChange([mappingsPath], { quiet: true, onDone: () => tell(words.common.saved) });
  if (data === undefined) return null;
  const { mappings, version } = data;
  const put = (changed: readonly MetadataMapping[]) =>
    save.mutate({ method: 'PUT', path: mappingsPath, body: { mappings: changed, version } });
  const rows = mappings.map((mapping, at) => ({ ...mapping, mapping, at }));
  const close = () => setOpen(null);
  return (
    <Card
      flush
      title={words.mappings.title}
      actions={
        may ? (
          <>
            {mappings.length === 0 ? null : (
              <Button small onClick={() => setOpen({ do: 'apply' })}>
                {words.mappings.apply}
              </Button>
            )}
            <Button small icon={<IconPlus size={15} aria-hidden />} onClick={() => setOpen({ do: 'make' })}>
              {words.mappings.add}
            </Button>
          </>
        ) : null
      }
    >
      {save.error === null ? null : (
        <div className="lead-in">{isOutdated(save.error) ? <OutdatedRules /> : <Failure error={save.error} />}</div>
      )}
      <p className="quiet lead-in">
        {words.mappings.lead} {mappings.length === 0 ? words.mappings.none : words.mappings.unfit}
      </p>
      {mappings.length === 0 ? null : (
        <Table
          label={words.mappings.title}
          items={rows}
          idOf={({ at, from, to }) => `${at} ${from} ${to}`}
          {...(may ? { onOpen: ({ mapping }: (typeof rows)[number]) => setOpen({ do: 'edit', mapping }) } : {})}
          columns={[
            { name: words.mappings.from, cell: ({ from }) => <span className="mono cut">{from}</span> },
            { name: words.mappings.to, cell: ({ to }) => <span className="cut">{targetText(to, fields)}</span> },
            {
              name: words.mappings.transform,
              kind: 'fit',
              wide: true,
              cell: ({ when = 'empty', transform }) => (
                <span className="quiet">
                  {words.mappings.whenShown[when]}
                  {transform === undefined ? '' : `; ${words.mappings.transforms[transform] ?? transform}`}
                </span>
              ),
            },
            {
              name: <Heard>{words.common.actions}</Heard>,
              kind: 'fit',
              cell: ({ at, from, to, mapping }) =>
                may ? (
                  <span className="row" style={{ flexWrap: 'nowrap' }}>
                    <span className="row wide-only" style={{ flexWrap: 'nowrap' }}>
                      <Button
                        small
                        look="plain"
                        disabled={at === 0 || save.isPending}
                        label={words.mappings.up(from)}
                        icon={<IconArrowUp size={15} aria-hidden />}
                        onClick={() => put(moved(mappings, at, at - 1))}
                      />
                      <Button
                        small
                        look="plain"
                        disabled={at === mappings.length - 1 || save.isPending}
                        label={words.mappings.down(from)}
                        icon={<IconArrowDown size={15} aria-hidden />}
                        onClick={() => put(moved(mappings, at, at + 1))}
                      />
                    </span>
                    <Button
                      small
                      label={words.mappings.edit(from, targetText(to, fields))}
                      onClick={() => setOpen({ do: 'edit', mapping })}
                    >
                      {words.common.edit}
                    </Button>
                    <Button
                      small
                      look="plain"
                      disabled={save.isPending}
                      label={words.mappings.remove(from, targetText(to, fields))}
                      icon={<IconTrash size={15} aria-hidden />}
                      onClick={() => put(mappings.filter((_, index) => index !== at))}
                    />
                  </span>
                ) : null,
            },
          ]}
        />
      )}
      {open?.do === 'make' ? <MappingForm of={data} fields={fields} onClose={close} /> : null}
      {open?.do === 'edit' ? (
        <MappingForm key={ruleText(open.mapping)} of={data} before={open.mapping} fields={fields} onClose={close} />
      ) : null}
      {open?.do === 'apply' ? <ApplyMappings onClose={close} /> : null}
    </Card>
  );
}

/** What people call the place that a rule fills. */
function targetText(to: string, fields: readonly MetadataField[]): string {
  if (to === 'tags') return words.mappings.tags;
  if (to === 'labels') return words.mappings.labels;
  const name = to.slice(to.indexOf('.') + 1);
  if (to.startsWith('info.')) return words.asset.infoFields[name] ?? name;
  return fields.find((field) => field.name === name)?.label ?? name;
}

function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const changed = [...list];
  changed.splice(to, 0, ...changed.splice(from, 1));
  return changed;
}
