import { Link } from 'wouter';
import type { Manifest } from '../api/manifest.ts';
import { useMay } from '../api/queries.ts';
import { ObjectForm } from '../parts/schema-form.tsx';
import type { ComponentProps } from 'react';
import { words } from '../words/words.ts';
import { useLibraryChoices } from './library-choice.tsx';

/** The settings of a dialect, as its schema says; a setting that names a library is chosen from those that are there. */
export function SettingsFields({
  manifest,
  context,
  ...form
}: ComponentProps<typeof ObjectForm> & { readonly manifest: Manifest }) {
  const setting = manifest.library?.setting;
  const has = setting !== undefined && form.schema.properties?.[setting] !== undefined;
  const chosen = has ? form.value[setting] : undefined;
  const choices = useLibraryChoices(typeof chosen === 'string' ? chosen : '', has);
  const may = useMay('settings:write');
  return (
    <>
      <ObjectForm
        {...form}
        context={
          !has || choices === undefined ? context : { ...context, choices: { [`${context.at}/${setting}`]: choices } }
        }
      />
      {has && choices !== undefined && may ? (
        <p className="hint">
          <Link href="/settings/libraries">{words.libraries.pickHint}</Link>
        </p>
      ) : null}
    </>
  );
}
