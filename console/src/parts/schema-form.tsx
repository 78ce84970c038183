/**
 * A form drawn from a JSON Schema, in the order and words of whoever wrote it: the settings of a dialect. What it cannot draw it
 * offers as JSON, so that nothing of a schema is out of reach.
 */
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { FieldProblem } from '../api/ask.ts';
import type { JsonSchema } from '../api/manifest.ts';
import type { Json, JsonObject } from '../api/json.ts';
import { words } from '../words/words.ts';
import { Button } from './button.tsx';
import { CheckField, type Choice, problemAt, SelectField, TextField, WordsField } from './field.tsx';
import { JsonField } from './json-field.tsx';

export type FormContext = {
  /** What the server said of what was sent. */
  readonly problems: readonly FieldProblem[];
  /** JSON pointer of the value within what is sent. */
  readonly at: string;
  /** Top-level names that are secret: typed unseen. */
  readonly secret: readonly string[];
  /** A secret that is kept stays as it is unless a new one is written. */
  readonly kept?: boolean;
  /** Of a text that names one of several things, by its JSON pointer: what there is to choose from. */
  readonly choices?: { readonly [at: string]: readonly Choice[] };
};

type Change<T> = (value: T | undefined) => void;

export function ObjectForm({
  schema,
  value,
  onChange,
  context,
}: {
  readonly schema: JsonSchema;
  readonly value: JsonObject;
  readonly onChange: (value: JsonObject) => void;
  readonly context: FormContext;
}) {
  return (
    <>
      {Object.entries(schema.properties ?? {}).map(([name, property]) => (
        <ValueForm
          key={name}
          name={name}
          schema={property}
          required={schema.required?.includes(name) === true}
          value={value[name]}
          context={{ ...context, at: `${context.at}/${name}` }}
          onChange={(changed) => {
            const { [name]: _, ...rest } = value;
            onChange(changed === undefined ? rest : { ...rest, [name]: changed });
          }}
        />
      ))}
    </>
  );
}

type ValueProps = {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
  readonly value: Json | undefined;
  readonly onChange: Change<Json>;
  readonly context: FormContext;
};

function ValueForm(props: ValueProps): ReactNode {
  const { schema, name, required, value, onChange, context } = props;
  const label = titleOf(name, schema, required);
  const hint = schema.description;
  const problem = problemAt(context.problems, context.at);
  const choices = choicesOf(schema);
  if (choices !== null) {
    const options = choices.map(({ value: choice, label: text }) => ({ value: JSON.stringify(choice), label: text }));
    return (
      <SelectField
        label={label}
        hint={hint}
        problem={problem}
        value={
          value === undefined
            ? schema.default === undefined
              ? ''
              : JSON.stringify(schema.default)
            : JSON.stringify(value)
        }
        choices={
          required || schema.default !== undefined ? options : [{ value: '', label: words.wizard.unset }, ...options]
        }
        onChange={(text) => onChange(text === '' ? undefined : (JSON.parse(text) as Json))}
      />
    );
  }
  switch (typeOf(schema)) {
    case 'boolean':
      return (
        <CheckField
          label={label}
          hint={problem ?? hint}
          checked={typeof value === 'boolean' ? value : schema.default === true}
          onChange={onChange}
        />
      );
    case 'integer':
    case 'number':
      return (
        <TextField
          label={label}
          hint={hint}
          problem={problem}
          type="number"
          placeholder={schema.default === undefined ? '' : JSON.stringify(schema.default)}
          value={typeof value === 'number' ? String(value) : ''}
          onChange={(text) => onChange(text === '' ? undefined : Number(text))}
        />
      );
    case 'string':
      return <TextForm {...props} label={label} problem={problem} />;
    case 'array':
      return <ListForm {...props} label={label} problem={problem} />;
    case 'object':
      if (schema.properties === undefined)
        return (
          <JsonField hint={schema.description} value={value} onChange={onChange} label={label} problem={problem} />
        );
      // A form within a form that one may well leave alone does not stand in the way of what follows.
      if (!required && Object.values(schema.properties).some(({ properties }) => properties !== undefined))
        return <FoldedForm {...props} label={label} />;
      return (
        <fieldset className="sub-form">
          <legend>{label}</legend>
          {hint === undefined ? null : <p className="quiet">{hint}</p>}
          <ObjectForm
            schema={schema}
            value={isObject(value) ? value : {}}
            context={context}
            onChange={(changed) => onChange(Object.keys(changed).length === 0 && !required ? undefined : changed)}
          />
        </fieldset>
      );
    default:
      return <JsonField hint={schema.description} value={value} onChange={onChange} label={label} problem={problem} />;
  }
}

/** Open from the start where there is something in it, and once there is something wrong in it. */
function FoldedForm({ schema, value, onChange, context, label }: ValueProps & { readonly label: ReactNode }) {
  const [filled] = useState(() => isObject(value));
  const wrong = context.problems.some(({ at }) => at.startsWith(`${context.at}/`));
  return (
    <details className="sub-form" open={filled || wrong}>
      <summary>{label}</summary>
      {schema.description === undefined ? null : <p className="quiet">{schema.description}</p>}
      <ObjectForm
        schema={schema}
        value={isObject(value) ? value : {}}
        context={context}
        onChange={(changed) => onChange(Object.keys(changed).length === 0 ? undefined : changed)}
      />
    </details>
  );
}

type Labelled = ValueProps & { readonly label: ReactNode; readonly problem: string | undefined };

function TextForm({ name, schema, value, onChange, context, label, problem }: Labelled) {
  const choices = context.choices?.[context.at];
  if (choices !== undefined)
    return (
      <SelectField
        label={label}
        hint={schema.description}
        problem={problem}
        value={typeof value === 'string' ? value : typeof schema.default === 'string' ? schema.default : ''}
        choices={choices}
        onChange={onChange}
      />
    );
  const secret = context.secret.includes(name) || schema.format === 'password';
  const long = (schema.maxLength ?? 0) > 1_000;
  return (
    <TextField
      label={label}
      hint={secret && context.kept === true ? words.webhook.masked : schema.description}
      problem={problem}
      type={secret ? 'password' : schema.format === 'uri' ? 'url' : 'text'}
      {...(long && !secret ? { lines: 3 } : {})}
      placeholder={placeholderOf(schema)}
      value={typeof value === 'string' ? value : ''}
      onChange={(text) => onChange(text === '' ? undefined : text)}
    />
  );
}

function placeholderOf({ default: preset, examples }: JsonSchema): string {
  if (typeof preset === 'string') return preset;
  const [example] = examples ?? [];
  return typeof example === 'string' ? example : '';
}

function ListForm({ schema, value, onChange, context, label, problem, ...rest }: Labelled) {
  const items = schema.items ?? {};
  const preset = Array.isArray(schema.default) ? (schema.default as readonly Json[]) : [];
  // What holds when nothing is said is shown as chosen; none of it is a choice of its own then.
  const list = Array.isArray(value) ? (value as readonly Json[]) : preset;
  const choices = choicesOf(items);
  const give = (changed: readonly Json[]) =>
    onChange(changed.length === 0 && preset.length === 0 && !rest.required ? undefined : changed);
  if (choices !== null)
    return (
      <fieldset className="field">
        <legend>{label}</legend>
        {problem === undefined ? null : <div className="wrong">{problem}</div>}
        {schema.description === undefined ? null : <div className="hint">{schema.description}</div>}
        <div className="event-list">
          {choices.map(({ value: choice, label: text }) => {
            const key = JSON.stringify(choice);
            const on = list.some((item) => JSON.stringify(item) === key);
            return (
              <CheckField
                key={key}
                label={text}
                checked={on}
                onChange={(checked) =>
                  give(checked ? [...list, choice] : list.filter((item) => JSON.stringify(item) !== key))
                }
              />
            );
          })}
        </div>
      </fieldset>
    );
  if (typeOf(items) === 'string')
    return (
      <WordsField
        label={label}
        hint={schema.description}
        problem={problem}
        values={list.filter((item): item is string => typeof item === 'string')}
        onChange={give}
      />
    );
  if (typeOf(items) !== 'object' || items.properties === undefined)
    return <JsonField hint={schema.description} value={value} onChange={onChange} label={label} problem={problem} />;
  return (
    <fieldset className="sub-form">
      <legend>{label}</legend>
      {schema.description === undefined ? null : <p className="quiet">{schema.description}</p>}
      {problem === undefined ? null : <p className="wrong">{problem}</p>}
      {list.map((item, at) => (
        <div key={at} className="list-item">
          <div className="sub-form">
            <ObjectForm
              schema={items}
              value={isObject(item) ? item : {}}
              context={{ ...context, at: `${context.at}/${at}` }}
              onChange={(changed) => give(list.map((kept, index) => (index === at ? changed : kept)))}
            />
          </div>
          <Button
            small
            look="plain"
            label={words.common.remove}
            icon={<IconTrash size={16} aria-hidden />}
            onClick={() => give(list.filter((_, index) => index !== at))}
          />
        </div>
      ))}
      {list.length < (schema.maxItems ?? 100) ? (
        <div>
          <Button small icon={<IconPlus size={15} aria-hidden />} onClick={() => give([...list, {}])}>
            {words.wizard.addItem}
          </Button>
        </div>
      ) : null}
    </fieldset>
  );
}

/** What has no form of its own, as JSON. */
function titleOf(name: string, schema: JsonSchema, required: boolean): string {
  return `${schema.title ?? name}${required ? ' *' : ''}`;
}

function typeOf({ type, properties, items }: JsonSchema): string | undefined {
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return (type as readonly string[]).find((name) => name !== 'null');
  if (properties !== undefined) return 'object';
  return items === undefined ? undefined : 'array';
}

/** The values that are allowed, where they are a list: of `enum`, or of `oneOf` constants with a title each. */
function choicesOf({
  enum: values,
  oneOf,
  anyOf,
}: JsonSchema): readonly { readonly value: Json; readonly label: string }[] | null {
  if (values !== undefined)
    return values.map((value) => ({ value, label: typeof value === 'string' ? value : JSON.stringify(value) }));
  const options = oneOf ?? anyOf;
  if (options === undefined || options.length === 0 || options.some((option) => option.const === undefined))
    return null;
  return options.map((option) => ({
    value: option.const ?? null,
    label: option.title ?? JSON.stringify(option.const),
  }));
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
