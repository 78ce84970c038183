import { useState } from 'react';
import { flushSync } from 'react-dom';
import { Problem } from '../api/ask.ts';
import type { Folder, Task } from '../api/assets.ts';
import { useAsk, useChange } from '../api/queries.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { problemAt, SelectField, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Loaded } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { FolderField } from './folder-field.tsx';

type Follows = { readonly task?: Task };
type DialogProps = {
  readonly path: string;
  /** Where what was in it is from now on. */
  readonly onDone: (path: string) => void;
  readonly onClose: () => void;
};

const empty = { assets: 0, folders: 0 };
const stale = ['/v1/folders', '/v1/assets', '/v1/changes', '/v1/trash'];
const referenceOf = (path: string) => `/v1/folders/${encodeURIComponent(`path:${path}`)}`;
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** With more than the server moves at once, the assets follow by themselves. */
function tellFollowing(answer: Follows | undefined, done: string): void {
  tell(answer?.task === undefined ? done : words.folders.follow(answer.task.total));
}

/** A folder here or, with a path, further away. */
export function NewFolder({ parent, onClose }: { readonly parent: string; readonly onClose: () => void }) {
  const [path, setPath] = useState(parent === '/' ? '/' : `${parent}/`);
  const make = useChange(['/v1/folders'], { quiet: true, onDone: onClose });
  const problems = make.error instanceof Problem ? make.error.problems : [];
  return (
    <Dialog
      title={words.assets.newFolder}
      onClose={onClose}
      onSubmit={() => make.mutate({ method: 'POST', path: '/v1/folders', body: { path: path.trim() } })}
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look="primary" busy={make.isPending} disabled={path.trim().endsWith('/')}>
            {words.common.create}
          </Button>
        </>
      }
    >
      {make.error === null ? null : <FormFailure error={make.error} />}
      <TextField
        label={words.assets.folderPath}
        hint={words.folders.newHint}
        autoFocus
        mono
        problem={problemAt(problems, '/path')}
        value={path}
        onChange={setPath}
      />
    </Dialog>
  );
}

/** Another name, another place: all that lies in it goes along. */
export function MoveFolder({ path, onDone, onClose }: DialogProps) {
  const [name, setName] = useState(nameOf(path));
  const [parent, setParent] = useState(parentOf(path));
  const save = useChange<Folder & Follows>(stale, {
    quiet: true,
    onDone(folder) {
      tellFollowing(folder, words.common.saved);
      flushSync(() => onDone(folder.path));
    },
  });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  const body = {
    ...(name.trim() === nameOf(path) ? {} : { name: name.trim() }),
    ...(parent === parentOf(path) ? {} : { parent }),
  };
  return (
    <Dialog
      title={words.folders.move(nameOf(path))}
      onClose={onClose}
      onSubmit={() =>
        Object.keys(body).length === 0 ? onClose() : save.mutate({ method: 'PATCH', path: referenceOf(path), body })
      }
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look="primary" busy={save.isPending}>
            {words.common.save}
          </Button>
        </>
      }
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      <p className="quiet">{words.folders.moveLead}</p>
      <TextField
        label={words.common.name}
        autoFocus
        problem={problemAt(problems, '/name')}
        value={name}
        onChange={setName}
      />
      <FolderField
        label={words.folders.parent}
        problem={problemAt(problems, '/parent')}
        value={parent}
        onChange={setParent}
      />
    </Dialog>
  );
}

/** An empty folder goes; of one that is not it is asked what becomes of what lies in it. */
export function RemoveFolder({ path, onDone, onClose }: DialogProps) {
  const folder = useAsk<Folder>(referenceOf(path));
  return (
    <Loaded of={folder}>
      {({ counts = empty }) => <Removal path={path} counts={counts} onDone={onDone} onClose={onClose} />}
    </Loaded>
  );
}

function Removal({ path, counts, onDone, onClose }: DialogProps & Required<Pick<Folder, 'counts'>>) {
  const [contents, setContents] = useState<string>('move');
  const [to, setTo] = useState(parentOf(path));
  const remove = useChange<Follows | undefined>(stale, {
    quiet: true,
    onDone(answer) {
      tellFollowing(answer, words.folders.removed);
      // At once: what is not there any more must not be asked for anew.
      flushSync(() => onDone(parentOf(path)));
    },
  });
  const { assets, folders } = counts;
  const isEmpty = assets === 0 && folders === 0;
  return (
    <Dialog
      title={words.folders.remove(nameOf(path))}
      onClose={onClose}
      onSubmit={() =>
        remove.mutate({
          method: 'DELETE',
          path: referenceOf(path),
          query: isEmpty ? {} : contents === 'move' ? { contents, to: to === '/' ? 'root' : to } : { contents },
        })
      }
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look="danger" busy={remove.isPending}>
            {words.common.delete}
          </Button>
        </>
      }
    >
      {remove.error === null ? null : <FormFailure error={remove.error} />}
      <p>{isEmpty ? words.folders.removeEmpty : words.folders.removeFull(assets, folders)}</p>
      {isEmpty ? null : (
        <SelectField
          label={words.folders.contents}
          value={contents}
          choices={Object.entries(words.folders.contentChoices).map(([value, label]) => ({ value, label }))}
          onChange={setContents}
        />
      )}
      {!isEmpty && contents === 'move' ? <FolderField label={words.folders.to} value={to} onChange={setTo} /> : null}
    </Dialog>
  );
}
