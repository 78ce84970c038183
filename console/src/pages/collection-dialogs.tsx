import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import type { Collection } from '../api/assets.ts';
import { useChange } from '../api/queries.ts';
import { Button } from '../parts/button.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { problemAt, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';

const path = '/v1/collections';
const at = ({ id }: Collection) => `${path}/${id}`;

/** A new collection, or another name for one: what assets carry of it stays. */
export function CollectionForm({ of, onClose }: { readonly of?: Collection; readonly onClose: () => void }) {
  const [name, setName] = useState(of?.name ?? '');
  const save = useChange([path], {
    quiet: true,
    onDone() {
      tell(words.common.saved);
      onClose();
    },
  });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  const body = { name: name.trim() };
  return (
    <Dialog
      title={of === undefined ? words.collections.make : words.collections.rename(of.name)}
      onClose={onClose}
      onSubmit={() =>
        save.mutate(of === undefined ? { method: 'POST', path, body } : { method: 'PATCH', path: at(of), body })
      }
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look="primary" busy={save.isPending} disabled={body.name === ''}>
            {of === undefined ? words.common.create : words.common.save}
          </Button>
        </>
      }
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      <TextField
        label={words.common.name}
        hint={of === undefined ? words.collections.makeHint : words.collections.renameHint}
        autoFocus
        problem={problemAt(problems, '/name')}
        value={name}
        onChange={setName}
      />
    </Dialog>
  );
}

export function RemoveCollection({
  of,
  onDone,
  onClose,
}: {
  readonly of: Collection;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const remove = useChange([path, '/v1/assets', '/v1/changes'], {
    onDone() {
      tell(words.collections.removed);
      onDone();
    },
  });
  return (
    <Confirm
      title={words.collections.remove(of.name)}
      action={words.common.delete}
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() => remove.mutate({ method: 'DELETE', path: at(of) })}
    >
      <p>{words.collections.removeLead}</p>
    </Confirm>
  );
}
