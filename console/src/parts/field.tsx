import { IconX } from '@tabler/icons-react';
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';
import { afterPress } from './press.ts';
import type { FieldProblem } from '../api/ask.ts';
import { words } from '../words/words.ts';

/** A labelled place for one input, with what it wants and what is wrong with it. */
export function Field({
  label,
  hint,
  problem,
  children,
}: {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  readonly children: (bind: {
    readonly id: string;
    readonly 'aria-describedby': string | undefined;
    readonly 'aria-invalid': boolean;
  }) => ReactNode;
}) {
  const id = useId();
  const about = `${id}-about`;
  const described = hint !== undefined || problem !== undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': described ? about : undefined, 'aria-invalid': problem !== undefined })}
      {described ? (
        <div id={about}>
          {problem === undefined ? null : <div className="wrong">{problem}</div>}
          {hint === undefined ? null : <div className="hint">{hint}</div>}
        </div>
      ) : null}
    </div>
  );
}

export function TextField({
  label,
  hint,
  problem,
  value,
  onChange,
  type = 'text',
  placeholder,
  required,
  lines,
  autoFocus,
  mono,
}: {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: 'text' | 'url' | 'email' | 'password' | 'number' | 'date' | 'datetime-local' | 'search';
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly lines?: number;
  readonly autoFocus?: boolean;
  readonly mono?: boolean;
}) {
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(bind) =>
        lines === undefined ? (
          <input
            {...bind}
            className={mono === true ? 'input mono' : 'input'}
            type={type}
            value={value}
            placeholder={placeholder}
            required={required}
            autoFocus={autoFocus}
            autoComplete={type === 'password' ? 'new-password' : 'off'}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <textarea
            {...bind}
            className={mono === true ? 'input mono' : 'input'}
            rows={lines}
            value={value}
            placeholder={placeholder}
            spellCheck={mono !== true}
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }
    </Field>
  );
}

export type Choice = { readonly value: string; readonly label: string };

export function SelectField({
  label,
  hint,
  problem,
  value,
  choices,
  onChange,
}: {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly onChange: (value: string) => void;
}) {
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(bind) => (
        <select {...bind} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function CheckField({
  label,
  hint,
  checked,
  onChange,
  disabled = false,
}: {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : `${id}-about`}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint === undefined ? null : (
          <div className="quiet" id={`${id}-about`}>
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}

/** A set of words: Enter or a comma adds one, a click on its cross takes one away. */
export function WordsField({
  label,
  hint,
  problem,
  values,
  onChange,
  placeholder,
  known,
}: {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  readonly values: readonly string[];
  readonly onChange: (values: readonly string[]) => void;
  readonly placeholder?: string;
  readonly known?: readonly string[];
}) {
  const [text, setText] = useState('');
  const listId = useId();
  const add = () => {
    const added = text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '' && !values.includes(word));
    if (added.length > 0) onChange([...values, ...added]);
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' || event.key === ',') {
      if (text.trim() === '') return;
      event.preventDefault();
      add();
    } else if (event.key === 'Backspace' && text === '' && values.length > 0) onChange(values.slice(0, -1));
  };
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(bind) => (
        <>
          {values.length === 0 ? null : (
            <ul className="chips">
              {values.map((value) => (
                <li key={value} className="chip">
                  <span className="cut">{value}</span>
                  <button
                    type="button"
                    aria-label={words.common.removeWord(value)}
                    onClick={() => onChange(values.filter((kept) => kept !== value))}
                  >
                    <IconX size={13} aria-hidden />
                  </button>
                </li>
              ))}
            </ul>
          )}
          <input
            {...bind}
            className="input"
            value={text}
            placeholder={placeholder ?? words.common.addWord}
            list={known === undefined ? undefined : listId}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKeyDown}
            onBlur={() => afterPress(add)}
          />
          {known === undefined ? null : (
            <datalist id={listId}>
              {known.map((value) => (
                <option key={value} value={value} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

/** What the server said of one field, by its JSON pointer; those below it count too. */
export function problemAt(problems: readonly FieldProblem[], pointer: string): string | undefined {
  const found = problems.find(({ at }) => at === pointer || at.startsWith(`${pointer}/`));
  if (found === undefined) return undefined;
  if (found.text !== undefined) return found.text;
  if (found.found === '0 characters') return words.common.fillIn;
  if (found.found === 'none' && found.wanted === '') return words.fields.chooseOne;
  return `${words.common.wanted(found.wanted, found.found)}${found.mend === undefined ? '' : ` ${found.mend}`}`;
}
