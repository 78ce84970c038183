import type { Library } from '../api/people.ts';
import { useAll, useMay } from '../api/queries.ts';
import { type Choice, SelectField } from '../parts/field.tsx';
import { words } from '../words/words.ts';

/** The key of the one that every workspace has. */
export const defaultLibrary = 'default';

/** What there is to choose from, and what is chosen even where it is not there any more; undefined while it is not known. */
export function useLibraryChoices(chosen: string, wanted = true): readonly Choice[] | undefined {
  const may = useMay('assets:read');
  const { data } = useAll<Library>(may && wanted ? '/v1/libraries' : null);
  if (data === undefined) return undefined;
  const choices = data.map(({ key, name }) => ({ value: key, label: words.libraries.shown(name, key) }));
  const gone = chosen !== '' && !data.some(({ key }) => key === chosen);
  return gone ? [...choices, { value: chosen, label: words.libraries.unknown(chosen) }] : choices;
}

/** Which library an asset is in; nothing where there is only one. */
export function LibraryChoice({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (key: string) => void;
}) {
  const choices = useLibraryChoices(value);
  if (choices === undefined || choices.length < 2) return null;
  return <SelectField label={words.libraries.of} value={value} choices={choices} onChange={onChange} />;
}

/** What people call it. */
export function LibraryName({ of }: { readonly of: string }) {
  const choices = useLibraryChoices(of);
  return <>{choices?.find(({ value }) => value === of)?.label ?? of}</>;
}
