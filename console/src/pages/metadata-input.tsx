import type { Json } from '../api/json.ts';
import type { MetadataField } from '../api/metadata.ts';
import { CheckField, type Choice, SelectField, TextField } from '../parts/field.tsx';
import { words } from '../words/words.ts';

export type MetadataInputProps = {
  readonly field: MetadataField;
  /** Absent: nothing is said. */
  readonly value: Json | undefined;
  readonly problem: string | undefined;
  readonly onChange: (value: Json | undefined) => void;
};

/** An input of the field's own type. */
export function MetadataInput({ field, value, problem, onChange }: MetadataInputProps) {
  const label = `${field.label ?? field.name}${field.required === true ? ' *' : ''}`;
  const common = { label, hint: field.description, problem };
  const options = (field.options ?? []).map((option) => ({ value: option.value, label: option.label ?? option.value }));
  switch (field.type) {
    case 'boolean':
      return (
        <CheckField label={label} hint={problem ?? field.description} checked={value === true} onChange={onChange} />
      );
    case 'number':
      return (
        <TextField
          {...common}
          type="number"
          value={asText(value)}
          onChange={(text) => onChange(text === '' ? undefined : Number(text))}
        />
      );
    case 'date':
      return (
        <TextField
          {...common}
          type="date"
          value={asText(value).slice(0, 10)}
          onChange={(text) => onChange(text === '' ? undefined : text)}
        />
      );
    case 'select':
      return (
        <SelectField
          {...common}
          value={asText(value)}
          choices={[{ value: '', label: words.wizard.unset }, ...options, ...gone(field, value)]}
          onChange={(text) => onChange(text === '' ? undefined : text)}
        />
      );
    case 'multiselect': {
      const chosen = Array.isArray(value) ? value.map(String) : [];
      return (
        <fieldset className="field">
          <legend>{label}</legend>
          {problem === undefined ? null : <div className="wrong">{problem}</div>}
          {options.map((option) => (
            <CheckField
              key={option.value}
              label={option.label}
              checked={chosen.includes(option.value)}
              onChange={(on) => {
                const next = on ? [...chosen, option.value] : chosen.filter((kept) => kept !== option.value);
                onChange(next.length === 0 ? undefined : next);
              }}
            />
          ))}
        </fieldset>
      );
    }
    case 'text':
      return (
        <TextField {...common} value={asText(value)} onChange={(text) => onChange(text === '' ? undefined : text)} />
      );
  }
}

export function asText(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What an asset has though it is no option any more: shown, so that nothing else seems to be chosen. */
function gone({ options = [] }: MetadataField, value: Json | undefined): readonly Choice[] {
  const text = asText(value);
  if (text === '' || options.some((option) => option.value === text)) return [];
  return [{ value: text, label: words.fields.noOption(text) }];
}
