import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import { useAll, useMay } from '../api/queries.ts';
import type { Asset, AssetState } from '../api/assets.ts';
import type { Json, JsonObject } from '../api/json.ts';
import type { MetadataField } from '../api/metadata.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { problemAt, TextField, WordsField } from '../parts/field.tsx';
import { Failure, Loaded } from '../parts/state.tsx';
import { words } from '../words/words.ts';
import { type Edit, EditedAsset, SaveBar, useSave } from './asset-edit.tsx';
import { asText, MetadataInput } from './metadata-input.tsx';
import { localMinute } from './replay-dialog.tsx';

const infoNames = ['title', 'description', 'copyright', 'credit'];
const dateNames = ['publishAtMs', 'expiresAtMs', 'archiveAtMs'] as const;
const dateLabels = {
  publishAtMs: words.asset.publishAt,
  expiresAtMs: words.asset.expiresAt,
  archiveAtMs: words.asset.archiveAt,
};

export function AboutForm({ asset }: { readonly asset: Asset }) {
  return (
    <EditedAsset asset={asset} edits={aboutOf}>
      {(edit) => <About edit={edit} />}
    </EditedAsset>
  );
}

function aboutOf({ info, tags, labels, collections, publishAtMs, expiresAtMs, archiveAtMs }: AssetState): unknown {
  return [info ?? {}, tags, labels ?? [], collections ?? [], publishAtMs, expiresAtMs, archiveAtMs];
}

function About({ edit }: { readonly edit: Edit }) {
  const { state } = edit.base;
  const may = useMay('assets:write');
  const [info, setInfo] = useState<JsonObject>(state.info ?? {});
  const [tags, setTags] = useState<readonly string[]>(state.tags);
  const [labels, setLabels] = useState<readonly string[]>(state.labels ?? []);
  const [collections, setCollections] = useState<readonly string[]>(state.collections ?? []);
  const [dates, setDates] = useState<{ readonly [name: string]: number | null }>({});
  const known = useAll<{ readonly name: string }>('/v1/collections');
  const { save, dirty, refusal, submit } = useSave(edit, {
    ...differing('info', info, state.info ?? {}),
    ...differing('tags', tags, state.tags),
    ...differing('labels', labels, state.labels ?? []),
    ...differing('collections', collections, state.collections ?? []),
    ...dates,
  });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  const textual = Object.entries(info).filter(
    ([name, value]) => !infoNames.includes(name) && typeof value === 'string',
  );
  const field = (name: string, label: string) => {
    const value = info[name];
    return (
      <TextField
        key={name}
        label={label}
        problem={problemAt(problems, `/info/${name}`)}
        {...(name === 'description' ? { lines: 3 } : {})}
        value={typeof value === 'string' ? value : ''}
        onChange={(text) =>
          setInfo(text === '' && state.info?.[name] === undefined ? without(info, name) : { ...info, [name]: text })
        }
      />
    );
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {refusal === null ? null : <Failure error={refusal} />}
      <fieldset disabled={!may} className="stack" style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
        <Card title={words.asset.info}>
          <div className="stack">
            {infoNames.map((name) => field(name, words.asset.infoFields[name] ?? name))}
            {textual.map(([name]) => field(name, name))}
          </div>
        </Card>
        <Card title={words.asset.tags}>
          <div className="stack">
            <WordsField
              label={words.asset.tags}
              problem={problemAt(problems, '/tags')}
              values={tags}
              onChange={setTags}
            />
            <WordsField
              label={words.asset.labels}
              problem={problemAt(problems, '/labels')}
              values={labels}
              onChange={setLabels}
            />
            <WordsField
              label={words.asset.collections}
              problem={problemAt(problems, '/collections')}
              values={collections}
              onChange={setCollections}
              known={(known.data ?? []).map(({ name }) => name)}
            />
          </div>
        </Card>
        <Card title={words.asset.dates}>
          <div className="stack">
            {dateNames.map((name) => {
              const at = dates[name] === undefined ? state[name] : (dates[name] ?? undefined);
              return (
                <TextField
                  key={name}
                  label={dateLabels[name]}
                  type="datetime-local"
                  problem={problemAt(problems, `/${name}`)}
                  value={at === undefined ? '' : localMinute(at)}
                  onChange={(text) => setDates({ ...dates, [name]: text === '' ? null : new Date(text).getTime() })}
                />
              );
            })}
          </div>
        </Card>
        {may ? <SaveBar dirty={dirty} busy={save.isPending} onDiscard={edit.onDiscard} /> : null}
      </fieldset>
    </form>
  );
}

export function MetadataForm({ asset }: { readonly asset: Asset }) {
  const fields = useAll<MetadataField>('/v1/metadata-fields');
  return (
    <Loaded of={fields}>
      {(defined) => (
        <EditedAsset asset={asset} edits={({ metadata }) => metadata}>
          {(edit) => <Metadata edit={edit} fields={defined} />}
        </EditedAsset>
      )}
    </Loaded>
  );
}

function Metadata({ edit, fields }: { readonly edit: Edit; readonly fields: readonly MetadataField[] }) {
  const may = useMay('assets:write');
  const { state } = edit.base;
  const [metadata, setMetadata] = useState<JsonObject>(state.metadata);
  const [cleared, setCleared] = useState<ReadonlySet<string>>(new Set());
  const [name, setName] = useState('');
  const changed = {
    ...Object.fromEntries(
      Object.entries(metadata).filter(
        ([field, value]) => JSON.stringify(value) !== JSON.stringify(state.metadata[field]),
      ),
    ),
    ...Object.fromEntries(
      [...cleared]
        .filter((field) => metadata[field] === undefined && state.metadata[field] !== undefined)
        .map((field) => [field, null]),
    ),
  };
  const { save, dirty, refusal, submit } = useSave(
    edit,
    Object.keys(changed).length === 0 ? {} : { metadata: changed },
  );
  const problems = save.error instanceof Problem ? save.error.problems : [];
  const others = Object.keys(metadata).filter((field) => !fields.some((defined) => defined.name === field));
  const set = (field: string, value: Json | undefined) => {
    setMetadata(value === undefined ? without(metadata, field) : { ...metadata, [field]: value });
    if (value === undefined) setCleared(new Set([...cleared, field]));
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {refusal === null ? null : <Failure error={refusal} />}
      <fieldset disabled={!may} className="stack" style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
        <Card>
          <div className="stack">
            {fields.length === 0 && others.length === 0 ? <p className="quiet">{words.asset.noMetadata}</p> : null}
            {fields.map((field) => (
              <MetadataInput
                key={field.name}
                field={field}
                value={metadata[field.name]}
                problem={problemAt(problems, `/metadata/${field.name}`)}
                onChange={(value) => set(field.name, value)}
              />
            ))}
            {others.map((field) => (
              <TextField
                key={field}
                label={<span className="mono">{field}</span>}
                problem={problemAt(problems, `/metadata/${field}`)}
                value={asText(metadata[field])}
                onChange={(text) => set(field, text === '' ? undefined : text)}
              />
            ))}
            <div className="row" style={{ flexWrap: 'nowrap' }}>
              <input
                className="input"
                aria-label={words.asset.fieldName}
                placeholder={words.asset.fieldName}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
              <Button
                icon={<IconPlus size={15} aria-hidden />}
                disabled={name.trim() === ''}
                onClick={() => {
                  set(name.trim(), metadata[name.trim()] ?? '');
                  setName('');
                }}
              >
                {words.asset.addField}
              </Button>
            </div>
          </div>
        </Card>
        {may ? <SaveBar dirty={dirty} busy={save.isPending} onDiscard={edit.onDiscard} /> : null}
      </fieldset>
    </form>
  );
}

function without(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

function differing<T>(name: string, now: T, before: T): object {
  return JSON.stringify(now) === JSON.stringify(before) ? {} : { [name]: now };
}
