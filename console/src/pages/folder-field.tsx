import { useId } from 'react';
import type { Folder } from '../api/assets.ts';
import { useAll } from '../api/queries.ts';
import { Field } from '../parts/field.tsx';
import { words } from '../words/words.ts';

/** The path of a folder: those that are there are offered, one that is not is made. */
export function FolderField({
  value,
  label = words.asset.folder,
  problem,
  onChange,
}: {
  readonly value: string;
  readonly label?: string;
  readonly problem?: string | undefined;
  readonly onChange: (path: string) => void;
}) {
  const listId = useId();
  const { data = [] } = useAll<Folder>('/v1/folders', { in: 'root', below: true });
  return (
    <Field label={label} hint={words.folders.pathHint} problem={problem}>
      {(bind) => (
        <>
          <input
            {...bind}
            className="input mono"
            value={value}
            list={listId}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange(event.target.value)}
          />
          <datalist id={listId}>
            <option value="/" />
            {data.map(({ id, path }) => (
              <option key={id} value={path} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
