import { IconPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import { useChange } from '../api/queries.ts';
import type { Json } from '../api/json.ts';
import type { MetadataField, MetadataValidation } from '../api/metadata.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { CheckField, problemAt, SelectField, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { BoundsEditor } from './field-bounds.tsx';
import { Consequences } from './field-consequences.tsx';
import { draftOf, OptionsEditor, optionsOf, replacementsOf } from './field-options.tsx';
import { MetadataInput, type MetadataInputProps } from './metadata-input.tsx';

type Labels = readonly (readonly [language: string, label: string])[];

/** Everything a definition says, for a new one (`field` absent) or one that is there: then with what the change does to assets. */
export function FieldForm({ field, onClose }: { readonly field?: MetadataField; readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [type, setType] = useState<MetadataField['type']>(field?.type ?? 'text');
  const [label, setLabel] = useState(field === undefined || field.label === field.name ? '' : field.label);
  const [description, setDescription] = useState(field?.description ?? '');
  const [labels, setLabels] = useState<Labels>(() => Object.entries(field?.labels ?? {}));
  const [required, setRequired] = useState(field?.required ?? false);
  const [value, setValue] = useState<Json | undefined>(field?.default);
  const [bounds, setBounds] = useState<MetadataValidation>(field?.validation ?? {});
  const [draft, setDraft] = useState(() => draftOf(field?.options));
  const save = useChange<MetadataField>(['/v1/metadata-fields', '/v1/metadata-jobs'], {
    quiet: true,
    onDone: ({ jobId }) => {
      tell(jobId === undefined ? words.common.saved : words.fields.jobBegun);
      onClose();
    },
  });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  const problem = (pointer: string) => problemAt(problems, pointer);
  const chosen = type === 'select' || type === 'multiselect';
  const options = optionsOf(draft);
  const replace = replacementsOf(draft);
  const ended = (field?.options ?? []).flatMap((option) =>
    options.some((kept) => kept.value === option.value) ? [] : [option.value],
  );
  const shownLabels = Object.fromEntries(labels.filter(([language, text]) => language !== '' && text !== ''));
  const said = {
    ...(chosen ? { options } : {}),
    required,
    ...optional(field, 'description', description.trim() === '' ? undefined : description.trim()),
    ...optional(field, 'labels', Object.keys(shownLabels).length === 0 ? undefined : shownLabels),
    ...optional(field, 'default', value),
    ...optional(field, 'validation', Object.keys(bounds).length === 0 ? undefined : bounds),
  };
  const submit = () =>
    save.mutate(
      field === undefined
        ? {
            method: 'POST',
            path: '/v1/metadata-fields',
            body: { name, type, ...(label.trim() === '' ? {} : { label: label.trim() }), ...said },
          }
        : {
            method: 'PATCH',
            path: `/v1/metadata-fields/${encodeURIComponent(field.name)}`,
            body: {
              label: label.trim() === '' ? field.name : label.trim(),
              ...said,
              ...(Object.keys(replace).length === 0 ? {} : { replace }),
            },
          },
    );
  return (
    <Dialog
      wide
      title={field?.label ?? words.settings.newField}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <Button type="submit" look="primary" busy={save.isPending}>
          {field === undefined ? words.common.create : words.common.save}
        </Button>
      }
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      {field === undefined ? (
        <div className="columns">
          <TextField
            label={words.settings.fieldName}
            autoFocus
            mono
            hint={words.fields.nameHint}
            problem={problem('/name')}
            value={name}
            onChange={setName}
          />
          <SelectField
            label={words.settings.fieldType}
            hint={words.fields.typeStays}
            value={type}
            choices={Object.entries(words.settings.types).map(([each, text]) => ({ value: each, label: text }))}
            onChange={(each) => {
              setType(each as MetadataField['type']);
              setBounds({});
              setValue(undefined);
            }}
          />
        </div>
      ) : (
        <p className="quiet">
          <span className="mono">{field.name}</span> · {words.settings.types[type]}
        </p>
      )}
      <div className="columns">
        <TextField
          label={words.settings.fieldLabel}
          placeholder={field?.name ?? name}
          problem={problem('/label')}
          value={label}
          onChange={setLabel}
        />
        <TextField
          label={words.fields.description}
          hint={words.fields.descriptionHint}
          problem={problem('/description')}
          value={description}
          onChange={setDescription}
        />
      </div>
      <LabelsEditor labels={labels} problem={problem('/labels')} onChange={setLabels} />
      {chosen ? <OptionsEditor draft={draft} problem={problem('/options')} onChange={setDraft} /> : null}
      <BoundsEditor type={type} bounds={bounds} problem={problem} onChange={setBounds} />
      <CheckField
        label={words.settings.fieldRequired}
        hint={words.fields.requiredHint}
        checked={required}
        onChange={setRequired}
      />
      <DefaultEditor
        field={{ name: '', type, label: words.fields.default, required: false, position: 0, options }}
        value={value}
        problem={problem('/default')}
        onChange={setValue}
      />
      {field === undefined ? null : (
        <Consequences
          before={field}
          required={required}
          default={value}
          bounds={bounds}
          ended={ended}
          replace={replace}
        />
      )}
    </Dialog>
  );
}

/** What is there no more is taken away by null; what never was is left out. */
function optional(
  field: MetadataField | undefined,
  name: keyof MetadataField,
  value: Json | object | undefined,
): object {
  if (value !== undefined) return { [name]: value };
  return field?.[name] === undefined ? {} : { [name]: null };
}

/** Yes-or-no has three answers here: yes, no, and nothing said. */
function DefaultEditor(props: MetadataInputProps) {
  const { field, value, problem, onChange } = props;
  if (field.type === 'boolean')
    return (
      <SelectField
        label={words.fields.default}
        hint={words.fields.defaultHint}
        problem={problem}
        value={value === undefined ? '' : value === true ? 'true' : 'false'}
        choices={[
          { value: '', label: words.fields.noDefault },
          { value: 'true', label: words.fields.defaultOn },
          { value: 'false', label: words.fields.defaultOff },
        ]}
        onChange={(text) => onChange(text === '' ? undefined : text === 'true')}
      />
    );
  return <MetadataInput {...props} field={{ ...field, description: words.fields.defaultHint }} />;
}

function LabelsEditor({
  labels,
  problem,
  onChange,
}: {
  readonly labels: Labels;
  readonly problem: string | undefined;
  readonly onChange: (labels: Labels) => void;
}) {
  const set = (at: number, pair: readonly [string, string]) => onChange(labels.with(at, pair));
  return (
    <fieldset className="field">
      <legend>{words.fields.labels}</legend>
      <p className="hint">{words.fields.labelsHint}</p>
      {problem === undefined ? null : <div className="wrong">{problem}</div>}
      <ul className="option-rows">
        {labels.map(([language, text], at) => (
          <li key={at}>
            <input
              className="input mono"
              aria-label={words.fields.language}
              placeholder={words.fields.language}
              value={language}
              onChange={(event) => set(at, [event.target.value.trim(), text])}
            />
            <input
              className="input"
              aria-label={words.fields.labelIn}
              placeholder={words.fields.labelIn}
              value={text}
              onChange={(event) => set(at, [language, event.target.value])}
            />
            <span className="row tools">
              <Button
                small
                look="plain"
                label={words.common.removeWord(language)}
                icon={<IconX size={15} aria-hidden />}
                onClick={() => onChange(labels.toSpliced(at, 1))}
              />
            </span>
          </li>
        ))}
      </ul>
      <div>
        <Button small icon={<IconPlus size={15} aria-hidden />} onClick={() => onChange([...labels, ['', '']])}>
          {words.fields.addLanguage}
        </Button>
      </div>
    </fieldset>
  );
}
