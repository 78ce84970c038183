import { useState } from 'react';
import { useAsk, useChange, useDialects, useMay } from '../api/queries.ts';
import type { Manifest } from '../api/manifest.ts';
import type { JsonObject } from '../api/json.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { CheckField, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Loaded } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { PartHead } from './settings-parts.tsx';

type Property = { readonly name: string; readonly value: number | boolean; readonly source?: string };

/** What the vendor's own server would be set up with, dialect by dialect. */
export function Properties() {
  const dialects = useDialects();
  return (
    <>
      <PartHead lead={words.settings.propertiesLead} />
      <Loaded of={dialects}>
        {(manifests) => {
          const having = manifests.filter(({ properties }) => (properties ?? []).length > 0);
          if (having.length === 0) return <p className="quiet">{words.settings.noProperties}</p>;
          return (
            <>
              {having.map((manifest) => (
                <DialectProperties key={manifest.id} manifest={manifest} />
              ))}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function DialectProperties({ manifest }: { readonly manifest: Manifest }) {
  const path = `/v1/dialects/${manifest.id}/properties`;
  const present = useAsk<{ readonly properties: readonly Property[] }>(path);
  return (
    <Card title={manifest.title}>
      <Loaded of={present} lines={2}>
        {(answer) => (
          <PropertyForm key={JSON.stringify(answer)} manifest={manifest} path={path} present={answer.properties} />
        )}
      </Loaded>
    </Card>
  );
}

function PropertyForm({
  manifest,
  path,
  present,
}: {
  readonly manifest: Manifest;
  readonly path: string;
  readonly present: readonly Property[];
}) {
  const may = useMay('settings:write');
  const [values, setValues] = useState<JsonObject>(() =>
    Object.fromEntries(present.map(({ name, value }) => [name, value])),
  );
  const save = useChange([path, '/v1/webhooks'], { quiet: true, onDone: () => tell(words.common.saved) });
  const changed = Object.fromEntries(
    Object.entries(values).filter(([name, value]) => present.find((known) => known.name === name)?.value !== value),
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ method: 'PATCH', path, body: { values: changed } });
      }}
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      {(manifest.properties ?? []).map((property) => {
        const value = values[property.name];
        const source = present.find(({ name }) => name === property.name)?.source;
        const hint = hintOf(property, source);
        return typeof property.default === 'boolean' ? (
          <CheckField
            key={property.name}
            label={property.title}
            hint={hint}
            checked={value === true}
            disabled={!may}
            onChange={(on) => setValues({ ...values, [property.name]: on })}
          />
        ) : (
          <TextField
            key={property.name}
            label={property.title}
            hint={hint}
            type="number"
            value={value === undefined ? '' : JSON.stringify(value)}
            onChange={(text) => setValues({ ...values, [property.name]: Number(text) })}
          />
        );
      })}
      <div>
        <Button type="submit" look="primary" busy={save.isPending} disabled={!may || Object.keys(changed).length === 0}>
          {words.common.save}
        </Button>
      </div>
    </form>
  );
}

/** What it does, what it is unless somebody says otherwise, and who said otherwise. */
function hintOf(property: NonNullable<Manifest['properties']>[number], source: string | undefined): string {
  const { default: usual, description } = property;
  const shown =
    typeof usual === 'boolean' ? (usual ? words.settings.propertyOn : words.settings.propertyOff) : String(usual);
  const by = source === undefined ? undefined : words.settings.propertySources[source];
  return `${description}. ${words.settings.propertyDefault(shown)}${by === undefined ? '' : ` · ${by}`}`;
}
