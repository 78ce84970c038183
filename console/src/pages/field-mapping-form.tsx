import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import { isOutdated, useAsk, useChange } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import type { Json, Page } from '../api/json.ts';
import type { MetadataField, MetadataMapping, MetadataMappings } from '../api/metadata.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Field, problemAt, SelectField, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Notice } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';

export const mappingsPath = '/v1/metadata-mappings';

/** What of an asset's texts a rule may fill besides the fields that are defined. */
const infoNames = ['title', 'description', 'copyright', 'credit'];
const usualTo = 'info.title';
const other = 'metadata.';

/** One rule, new or as it is. */
export function MappingForm({
  of: { mappings, version },
  before,
  fields,
  onClose,
}: {
  readonly of: MetadataMappings;
  /** As it was when one began to write; absent for a new one. */
  readonly before?: MetadataMapping;
  readonly fields: readonly MetadataField[];
  readonly onClose: () => void;
}) {
  const [group, setGroup] = useState(before === undefined ? 'fields' : splitAt(before.from)[0]);
  const [name, setName] = useState(before === undefined ? '' : splitAt(before.from)[1]);
  const [to, setTo] = useState(before?.to ?? (fields[0] === undefined ? usualTo : `metadata.${fields[0].name}`));
  const [free, setFree] = useState(before !== undefined && !isOffered(before.to, fields));
  const [when, setWhen] = useState<string>(before?.when ?? 'empty');
  const [transform, setTransform] = useState<string>(before?.transform ?? '');
  const save = useChange([mappingsPath], {
    quiet: true,
    onDone() {
      tell(words.common.saved);
      onClose();
    },
  });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  // Others may have put the rules in another order meanwhile, or taken this one away: then it comes last.
  const known = before === undefined ? -1 : mappings.findIndex((one) => ruleText(one) === ruleText(before));
  const at = known < 0 ? mappings.length : known;
  const submit = () => {
    const rule = {
      from: `${group}.${name.trim()}`,
      to: to.trim(),
      ...(when === 'empty' ? {} : { when }),
      ...(transform === '' ? {} : { transform }),
    };
    const changed = [...mappings.slice(0, at), rule, ...mappings.slice(at + 1)];
    save.mutate({ method: 'PUT', path: mappingsPath, body: { mappings: changed, version } });
  };
  return (
    <Dialog
      title={before === undefined ? words.mappings.add : words.mappings.rule}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look="primary" busy={save.isPending}>
            {words.common.save}
          </Button>
        </>
      }
    >
      {save.error === null ? null : isOutdated(save.error) ? <OutdatedRules /> : <FormFailure error={save.error} />}
      <SelectField
        label={words.mappings.group}
        value={group}
        choices={Object.entries(words.mappings.groups).map(([value, label]) => ({ value, label }))}
        onChange={setGroup}
      />
      <SourceField
        group={group}
        value={name}
        problem={problemAt(problems, `/mappings/${at}/from`)}
        onChange={setName}
      />
      <Field label={words.mappings.to} problem={free ? undefined : problemAt(problems, `/mappings/${at}/to`)}>
        {(bind) => (
          <select
            {...bind}
            className="input"
            value={free ? other : to}
            onChange={({ target: { value } }) => {
              setFree(value === other);
              setTo(value);
            }}
          >
            <optgroup label={words.mappings.toGroups.metadata}>
              {fields.map((field) => (
                <option key={field.name} value={`metadata.${field.name}`}>
                  {field.label}
                </option>
              ))}
              <option value={other}>{words.mappings.otherField}</option>
            </optgroup>
            <optgroup label={words.mappings.toGroups.info}>
              {infoNames.map((info) => (
                <option key={info} value={`info.${info}`}>
                  {words.asset.infoFields[info] ?? info}
                </option>
              ))}
            </optgroup>
            <optgroup label={words.mappings.toGroups.sets}>
              <option value="tags">{words.mappings.tags}</option>
              <option value="labels">{words.mappings.labels}</option>
            </optgroup>
          </select>
        )}
      </Field>
      {free ? (
        <TextField
          label={words.mappings.otherName}
          mono
          problem={problemAt(problems, `/mappings/${at}/to`)}
          value={splitAt(to)[1]}
          onChange={(text) => setTo(`${splitAt(to)[0]}.${text}`)}
        />
      ) : null}
      <SelectField
        label={words.mappings.when}
        value={when}
        choices={Object.entries(words.mappings.whens).map(([value, label]) => ({ value, label }))}
        onChange={setWhen}
      />
      <SelectField
        label={words.mappings.transform}
        value={transform}
        choices={Object.entries(words.mappings.transforms).map(([value, label]) => ({ value, label }))}
        onChange={setTransform}
      />
    </Dialog>
  );
}

/** Somebody else was faster. */
export function OutdatedRules() {
  return (
    <Notice tone="warn">
      <span role="alert">{words.mappings.outdated}</span>
    </Notice>
  );
}

export const ruleText = ({ from, to, when = 'empty', transform = '' }: MetadataMapping): string =>
  JSON.stringify([from, to, when, transform]);

/** The name of an embedded field: offered are those that the latest files have, with what one of them says there. */
function SourceField({
  group,
  value,
  problem,
  onChange,
}: {
  readonly group: string;
  readonly value: string;
  readonly problem: string | undefined;
  readonly onChange: (name: string) => void;
}) {
  const { data } = useAsk<Page<Asset>>('/v1/assets', { limit: 50 });
  const found = foundIn(data?.data ?? [], group);
  const example = found.get(value.trim());
  return (
    <Field
      label={words.mappings.from}
      hint={example === undefined ? words.mappings.fromHint : words.mappings.example(example)}
      problem={problem}
    >
      {(bind) => (
        <>
          <input
            {...bind}
            className="input mono"
            list={`${bind.id}-found`}
            autoComplete="off"
            autoFocus
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
          <datalist id={`${bind.id}-found`}>
            {[...found.keys()].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

const exampleCharsMax = 120;

/** Names below a group of embedded fields in these assets, each with a value that one of them has. */
function foundIn(assets: readonly Asset[], group: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { state } of assets) {
    const fields = state.embedded?.[group];
    if (!isRecord(fields)) continue;
    for (const [name, value] of Object.entries(fields)) if (!found.has(name)) found.set(name, exampleOf(value));
  }
  return new Map([...found].toSorted(([one], [another]) => one.localeCompare(another)));
}

function exampleOf(value: Json): string {
  const text = Array.isArray(value)
    ? value.map(String).join(', ')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
  return text.length > exampleCharsMax ? `${text.slice(0, exampleCharsMax)}…` : text;
}

function isRecord(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOffered(to: string, fields: readonly MetadataField[]): boolean {
  return (
    to === 'tags' ||
    to === 'labels' ||
    infoNames.some((name) => to === `info.${name}`) ||
    fields.some(({ name }) => to === `metadata.${name}`)
  );
}

/** `exif` and `Model` of `exif.Model`. */
function splitAt(path: string): readonly [string, string] {
  const dot = path.indexOf('.');
  return dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot + 1)];
}
