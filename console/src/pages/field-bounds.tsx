import type { MetadataField, MetadataValidation } from '../api/metadata.ts';
import { CheckField, type problemAt, SelectField, TextField } from '../parts/field.tsx';
import { words } from '../words/words.ts';

type Bound = keyof typeof words.fields.bound;

const boundsOf: { readonly [type in MetadataField['type']]: readonly Bound[] } = {
  text: ['minLength', 'maxLength'],
  number: ['minimum', 'maximum'],
  date: ['earliest', 'latest'],
  boolean: [],
  select: [],
  multiselect: ['itemsMin', 'itemsMax'],
};

/** What values of this type fit: bounds, whole numbers, forms of text. */
export function BoundsEditor({
  type,
  bounds,
  problem,
  onChange,
}: {
  readonly type: MetadataField['type'];
  readonly bounds: MetadataValidation;
  readonly problem: (pointer: string) => ReturnType<typeof problemAt>;
  readonly onChange: (bounds: MetadataValidation) => void;
}) {
  const wanted = boundsOf[type];
  if (wanted.length === 0) return null;
  const set = (name: keyof MetadataValidation, value: string | number | boolean | undefined) => {
    const rest = Object.fromEntries(Object.entries(bounds).filter(([key]) => key !== name));
    onChange(value === undefined ? rest : { ...rest, [name]: value });
  };
  return (
    <fieldset className="field">
      <legend>{words.fields.bounds}</legend>
      <div className="columns">
        {wanted.map((name) => (
          <TextField
            key={name}
            label={words.fields.bound[name]}
            type={type === 'date' ? 'date' : 'number'}
            problem={problem(`/validation/${name}`)}
            value={bounds[name] === undefined ? '' : String(bounds[name]).slice(0, type === 'date' ? 10 : undefined)}
            onChange={(text) => set(name, text === '' ? undefined : type === 'date' ? text : Number(text))}
          />
        ))}
      </div>
      {type === 'number' ? (
        <CheckField
          label={words.fields.whole}
          checked={bounds.whole === true}
          onChange={(on) => set('whole', on ? true : undefined)}
        />
      ) : null}
      {type === 'text' ? (
        <SelectField
          label={words.fields.format}
          value={bounds.format ?? ''}
          choices={Object.entries(words.fields.formats).map(([value, label]) => ({ value, label }))}
          onChange={(value) => set('format', value === '' ? undefined : value)}
        />
      ) : null}
    </fieldset>
  );
}
