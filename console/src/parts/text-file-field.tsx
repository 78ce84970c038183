import { useRef, useState } from 'react';
import { words } from '../words/words.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import { showBytes } from './format.ts';

/** A text that lies in a file: pasted, or taken out of the file that is chosen. */
export function TextFileField({
  label,
  hint,
  problem,
  value,
  onChange,
  bytesMax,
  accept,
  veiled = false,
}: {
  readonly label: string;
  readonly hint: string;
  readonly problem: string | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly bytesMax: number;
  /** As of an `<input type="file">`. */
  readonly accept: string;
  /** A secret: nobody who looks over a shoulder reads it. */
  readonly veiled?: boolean;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const change = (text: string) => {
    setRefused(null);
    onChange(text);
  };
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > bytesMax) setRefused(words.tls.tooLarge(showBytes(bytesMax)));
    else change(await file.text());
  };
  return (
    <Field label={label} hint={hint} problem={refused ?? problem}>
      {(bind) => (
        <>
          <textarea
            {...bind}
            className={veiled ? 'input mono veiled' : 'input mono'}
            rows={3}
            value={value}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => change(event.target.value)}
          />
          <div>
            <Button small label={words.tls.chooseFor(label)} onClick={() => input.current?.click()}>
              {words.tls.choose}
            </Button>
          </div>
          <input
            ref={input}
            type="file"
            hidden
            accept={accept}
            aria-label={words.tls.chooseFor(label)}
            onChange={(event) => {
              void take(event.target.files?.[0]);
              event.target.value = '';
            }}
          />
        </>
      )}
    </Field>
  );
}
