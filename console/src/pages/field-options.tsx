import { IconArrowDown, IconArrowUp, IconPlus, IconX } from '@tabler/icons-react';
import type { MetadataOption } from '../api/metadata.ts';
import { Button } from '../parts/button.tsx';
import { SelectField } from '../parts/field.tsx';
import { words } from '../words/words.ts';

/** An option while it is edited: `was` is the value that assets hold, null for one that is new. */
export type DraftOption = MetadataOption & { readonly key: number; readonly was: string | null };

/** What becomes of assets that have a retired option: they keep it, lose it, or get the one of this key. */
export type Fate = 'keep' | 'lose' | number;
export type RetiredOption = { readonly option: DraftOption; readonly fate: Fate };

export type DraftOptions = { readonly options: readonly DraftOption[]; readonly retired: readonly RetiredOption[] };

export function draftOf(options: readonly MetadataOption[] = []): DraftOptions {
  return { options: options.map((option, key) => ({ ...option, key, was: option.value })), retired: [] };
}

/** As the API takes them; rows left empty are none. */
export function optionsOf({ options }: DraftOptions): readonly MetadataOption[] {
  return options
    .filter(({ value }) => value.trim() !== '')
    .map(({ value, label, labels }) => ({
      value: value.trim(),
      ...(label === undefined || label.trim() === '' ? {} : { label: label.trim() }),
      ...(labels === undefined ? {} : { labels }),
    }));
}

/** Values that assets hold with those they get instead, null where they lose them. */
export function replacementsOf({ options, retired }: DraftOptions): { readonly [value: string]: string | null } {
  const now = new Set(optionsOf({ options, retired }).map(({ value }) => value));
  const renamed = options.flatMap(({ was, value }): readonly (readonly [string, string | null])[] =>
    was === null || was === value.trim() || now.has(was) ? [] : [[was, value.trim() === '' ? null : value.trim()]],
  );
  const ended = retired.flatMap(({ option, fate }): readonly (readonly [string, string | null])[] => {
    if (option.was === null || fate === 'keep' || now.has(option.was)) return [];
    if (fate === 'lose') return [[option.was, null]];
    const heir = options.find(({ key }) => key === fate)?.value.trim() ?? '';
    return [[option.was, heir === '' ? null : heir]];
  });
  return Object.fromEntries([...renamed, ...ended]);
}

/** Options to add, rename, order and retire; what becomes of a retired one in assets is asked at once. */
export function OptionsEditor({
  draft,
  problem,
  onChange,
}: {
  readonly draft: DraftOptions;
  readonly problem: string | undefined;
  readonly onChange: (draft: DraftOptions) => void;
}) {
  const { options, retired } = draft;
  const set = (key: number, patch: Partial<DraftOption>) =>
    onChange({ ...draft, options: options.map((each) => (each.key === key ? { ...each, ...patch } : each)) });
  const move = (option: DraftOption, to: number) =>
    onChange({ ...draft, options: options.filter((each) => each !== option).toSpliced(to, 0, option) });
  const retire = (option: DraftOption) =>
    onChange({
      options: options.filter((each) => each !== option),
      // One that no asset can have yet is simply gone; who became one that goes loses it.
      retired: [
        ...retired.map((each) => (each.fate === option.key ? { ...each, fate: 'keep' as const } : each)),
        ...(option.was === null ? [] : [{ option, fate: 'keep' as const }]),
      ],
    });
  const back = ({ option }: RetiredOption) =>
    onChange({
      options: [...options, { ...option, value: option.was ?? option.value }],
      retired: retired.filter((each) => each.option !== option),
    });
  const add = () => {
    const key = 1 + Math.max(-1, ...options.map((each) => each.key), ...retired.map(({ option }) => option.key));
    onChange({ ...draft, options: [...options, { key, was: null, value: '' }] });
  };
  return (
    <fieldset className="field">
      <legend>{words.settings.fieldOptions}</legend>
      <p className="hint">{words.fields.optionsHint}</p>
      {problem === undefined ? null : <div className="wrong">{problem}</div>}
      <ul className="option-rows">
        {options.map((option, at) => (
          <li key={option.key}>
            <input
              className="input mono"
              aria-label={words.fields.optionValue(at + 1)}
              placeholder={words.fields.value}
              value={option.value}
              onChange={(event) => set(option.key, { value: event.target.value })}
            />
            <input
              className="input"
              aria-label={words.fields.optionLabel(at + 1)}
              placeholder={words.fields.label}
              value={option.label ?? ''}
              onChange={(event) => set(option.key, { label: event.target.value })}
            />
            <span className="row tools">
              <Button
                small
                look="plain"
                disabled={at === 0}
                label={words.fields.optionUp(option.value)}
                icon={<IconArrowUp size={15} aria-hidden />}
                onClick={() => move(option, at - 1)}
              />
              <Button
                small
                look="plain"
                disabled={at === options.length - 1}
                label={words.fields.optionDown(option.value)}
                icon={<IconArrowDown size={15} aria-hidden />}
                onClick={() => move(option, at + 1)}
              />
              <Button
                small
                look="plain"
                label={words.fields.retire(option.value)}
                icon={<IconX size={15} aria-hidden />}
                onClick={() => retire(option)}
              />
            </span>
          </li>
        ))}
      </ul>
      <div>
        <Button small icon={<IconPlus size={15} aria-hidden />} onClick={add}>
          {words.fields.addOption}
        </Button>
      </div>
      {retired.map((each) => (
        <div key={each.option.key} className="row retired">
          <SelectField
            label={words.fields.retiredThen(each.option.was ?? '')}
            value={String(each.fate)}
            choices={[
              { value: 'keep', label: words.fields.retiredKeep },
              { value: 'lose', label: words.fields.retiredLose },
              ...options
                .filter(({ value }) => value.trim() !== '')
                .map(({ key, value, label }) => ({
                  value: String(key),
                  label: words.fields.retiredBecome(label ?? value),
                })),
            ]}
            onChange={(fate) => {
              const chosen = fate === 'keep' || fate === 'lose' ? fate : Number(fate);
              onChange({
                ...draft,
                retired: retired.map((other) => (other === each ? { ...each, fate: chosen } : other)),
              });
            }}
          />
          <Button small onClick={() => back(each)}>
            {words.fields.bringBack}
          </Button>
        </div>
      ))}
    </fieldset>
  );
}
