import { type ReactNode, useState } from 'react';
import type { Json } from '../api/json.ts';
import { words } from '../words/words.ts';
import { Field } from './field.tsx';

/** A value that no other field can draw, written as JSON; what is not JSON yet is told and kept back. */
export function JsonField({
  hint,
  value,
  onChange,
  label,
  problem,
}: {
  readonly hint: string | undefined;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
  readonly label: ReactNode;
  readonly problem: string | undefined;
}) {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const [bad, setBad] = useState(false);
  const type = (typed: string) => {
    setText(typed);
    if (typed.trim() === '') {
      setBad(false);
      onChange(undefined);
      return;
    }
    try {
      onChange(JSON.parse(typed) as Json);
      setBad(false);
    } catch {
      setBad(true);
    }
  };
  return (
    <Field
      label={
        <>
          {label} <span className="quiet">({words.wizard.asJson})</span>
        </>
      }
      hint={hint}
      problem={bad ? words.wizard.badJson : problem}
    >
      {(bind) => (
        <textarea
          {...bind}
          className="input mono"
          rows={4}
          spellCheck={false}
          value={text}
          onChange={(event) => type(event.target.value)}
        />
      )}
    </Field>
  );
}
