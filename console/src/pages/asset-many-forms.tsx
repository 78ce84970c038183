import { useState } from 'react';
import type { Asset, Collection } from '../api/assets.ts';
import type { Json } from '../api/json.ts';
import type { MetadataField } from '../api/metadata.ts';
import { useAll } from '../api/queries.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { SelectField, TextField, WordsField } from '../parts/field.tsx';
import { words } from '../words/words.ts';
import { FolderField } from './folder-field.tsx';
import type { Act } from './many-work.ts';
import { MetadataInput } from './metadata-input.tsx';

type FormProps = {
  readonly assets: readonly Asset[];
  readonly onBegin: (name: string, act: Act) => void;
  readonly onClose: () => void;
};

type Sets = 'tags' | 'labels' | 'collections';
type Words = { readonly [name in Sets]: readonly string[] };
const sets: readonly Sets[] = ['tags', 'labels', 'collections'];
const noWords: Words = { tags: [], labels: [], collections: [] };

/** Words added to and taken off many assets, and one field of theirs set: what is left empty stays as each has it. */
export function EditMany({ assets, onBegin, onClose }: FormProps) {
  const [added, setAdded] = useState(noWords);
  const [gone, setGone] = useState(noWords);
  const [name, setName] = useState('');
  const [value, setValue] = useState<Json | undefined>(undefined);
  const { data: fields = [] } = useAll<MetadataField>('/v1/metadata-fields');
  const { data: collections = [] } = useAll<Collection>('/v1/collections');
  const field = fields.find((known) => `metadata.${known.name}` === name);
  const [group, key = ''] = splitName(name);
  const nothing = name === '' && sets.every((set) => added[set].length + gone[set].length === 0);
  const act: Act = ({ state }) => {
    const body = {
      ...Object.fromEntries(
        sets.flatMap((set) => {
          const after = changedSet(state[set] ?? [], { added: added[set], gone: gone[set] });
          return after === null ? [] : [[set, after]];
        }),
      ),
      ...(name === '' ? {} : { [group]: { [key]: value ?? null } }),
    };
    return Object.keys(body).length === 0 ? null : { method: 'PATCH', body };
  };
  const had = (set: Sets) => [...new Set(assets.flatMap(({ state }) => state[set] ?? []))].toSorted();
  return (
    <Dialog
      title={words.many.edit(assets.length)}
      onClose={onClose}
      onSubmit={() => {
        if (!nothing) onBegin(words.many.edit(assets.length), act);
      }}
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look="primary" disabled={nothing}>
            {words.many.change(assets.length)}
          </Button>
        </>
      }
    >
      <p className="quiet">{words.many.editLead}</p>
      {sets.map((set) => (
        <div key={set} className="columns pair">
          <WordsField
            label={words.many.add[set]}
            values={added[set]}
            known={set === 'collections' ? collections.map((known) => known.key) : had(set)}
            onChange={(list) => setAdded({ ...added, [set]: list })}
          />
          <WordsField
            label={words.many.takeOff[set]}
            values={gone[set]}
            known={had(set)}
            onChange={(list) => setGone({ ...gone, [set]: list })}
          />
        </div>
      ))}
      <SelectField
        label={words.many.field}
        value={name}
        choices={[
          { value: '', label: words.many.noField },
          ...Object.entries(words.asset.infoFields).map(([info, label]) => ({ value: `info.${info}`, label })),
          ...fields.map((known) => ({ value: `metadata.${known.name}`, label: known.label })),
        ]}
        onChange={(next) => {
          setName(next);
          setValue(undefined);
        }}
      />
      {name === '' ? null : field === undefined ? (
        <TextField
          label={words.asset.infoFields[key] ?? key}
          hint={words.many.emptyTakes}
          value={typeof value === 'string' ? value : ''}
          onChange={(text) => setValue(text === '' ? undefined : text)}
        />
      ) : (
        <MetadataInput
          field={{ ...field, required: false, description: field.description ?? words.many.emptyTakes }}
          value={value}
          problem={undefined}
          onChange={setValue}
        />
      )}
    </Dialog>
  );
}

function splitName(name: string): readonly [group: string, key: string | undefined] {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}

function changedSet(
  before: readonly string[],
  { added, gone }: { readonly added: readonly string[]; readonly gone: readonly string[] },
): readonly string[] | null {
  const after = [...new Set([...before.filter((word) => !gone.includes(word)), ...added])];
  const same = after.length === before.length && after.every((word) => before.includes(word));
  return same ? null : after;
}

/** Where they go. */
export function MoveMany({ assets, onBegin, onClose }: FormProps) {
  const [path, setPath] = useState(assets[0]?.state.path ?? '/');
  return (
    <Dialog
      title={words.many.moveTitle(assets.length)}
      onClose={onClose}
      onSubmit={() => onBegin(words.many.moveTitle(assets.length), moveTo(path))}
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look="primary">
            {words.many.moveHere}
          </Button>
        </>
      }
    >
      <FolderField value={path} onChange={setPath} />
    </Dialog>
  );
}

export const moveTo =
  (path: string): Act =>
  ({ state }) =>
    state.path === path ? null : { method: 'PATCH', body: { path } };
