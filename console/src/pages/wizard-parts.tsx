/** The form for a webhook of a dialect: its vendor's parts in its vendor's words and order, then what is left. */
import type { ReactNode } from 'react';
import { chosenWorkspace } from '../api/ask.ts';
import { useAsk, useCaller } from '../api/queries.ts';
import type { FormPart, Manifest, PartName } from '../api/manifest.ts';
import type { Workspace } from '../api/people.ts';
import { Card, Facts } from '../parts/card.tsx';
import { problemAt, TextField, WordsField } from '../parts/field.tsx';
import { words } from '../words/words.ts';
import type { DraftProps } from './webhook-draft.ts';
import { CredentialsForm, EventsForm, HeadersForm } from './webhook-form.tsx';
import { SettingsFields } from './webhook-setting-fields.tsx';
import { TargetForm } from './webhook-target-form.tsx';
import { hasTlsPart, TlsForm } from './webhook-tls.tsx';

/** Where a dialect does not say how its vendor asks. */
const usual: readonly FormPart[] = [
  { part: 'name', title: words.wizard.name, hint: words.wizard.nameHint },
  { part: 'target', title: words.wizard.url },
  { part: 'credentials', title: words.wizard.credentials },
  { part: 'events', title: words.wizard.steps.events },
  { part: 'settings', title: words.wizard.steps.settings },
];

/** Parts that are a few fields share a card; these have one of their own. */
const large: ReadonlySet<PartName> = new Set(['events', 'settings', 'headers']);
const advanced = ['credentials', 'headers', 'contacts', 'secret'] as const;

export function WizardParts(props: DraftProps) {
  const { manifest } = props;
  const named = manifest.form ?? usual;
  // A vendor that has no word for a name or an event still needs one of ours.
  const missing = usual.filter(
    ({ part }) => part !== 'settings' && part !== 'credentials' && !named.some((one) => one.part === part),
  );
  const rest = restOf(manifest, named);
  const form = [...named, ...missing, ...(rest === null ? [] : [rest])].filter((part) => isThere(part, manifest));
  const left = advanced.filter(
    (name) => !named.some(({ part }) => part === name) && isThere({ part: name, title: '' }, manifest),
  );
  const tls = hasTlsPart(props.draft);
  const names = [
    ...left.map((name) => words.wizard.advancedNames[name]),
    ...(tls ? [words.wizard.advancedNames.tls] : []),
  ];
  return (
    <>
      {cardsOf(form).map((parts, at) => {
        const [first] = parts;
        if (first === undefined) return null;
        const own = large.has(first.part);
        const title = own ? titleOf(first, manifest) : at === 0 ? words.wizard.steps.destination : undefined;
        return (
          <Card key={at} {...(title === undefined ? {} : { title })}>
            <div className="stack" data-titled={own && first.part !== 'settings' ? title : undefined}>
              {own && first.hint !== undefined ? <p className="quiet">{first.hint}</p> : null}
              {parts.map((part) => (
                <Part key={part.part} {...props} part={part} />
              ))}
            </div>
          </Card>
        );
      })}
      {names.length === 0 ? null : (
        <details className="card">
          <summary>{words.wizard.advanced(names.join(', '))}</summary>
          <div className="body stack">
            {left.map((name) => (
              <Part key={name} {...props} part={{ part: name, title: words.wizard.partTitles[name] }} />
            ))}
            <TlsForm {...props} />
          </div>
        </details>
      )}
    </>
  );
}

/** What one field says already is not said above it. */
function titleOf({ title, fields }: FormPart, { configuration }: Manifest): string | undefined {
  const [only] = fields ?? [];
  const single = fields?.length === 1 && only !== undefined;
  return single && configuration.schema.properties?.[only]?.title === title ? undefined : title;
}

/** Settings that the vendor's form has no place for. */
function restOf({ configuration, protocols }: Manifest, form: readonly FormPart[]): FormPart | null {
  const settings = form.filter(({ part }) => part === 'settings');
  if (settings.some(({ fields }) => fields === undefined)) return null;
  const placed = new Set(settings.flatMap(({ fields }) => fields ?? []));
  // What the choice of a protocol says already is not asked again.
  const chosen = new Set((protocols ?? []).flatMap((protocol) => Object.keys(protocol.settings ?? {})));
  const fields = Object.keys(configuration.schema.properties ?? {}).filter(
    (name) => !placed.has(name) && !chosen.has(name) && name !== 'secret',
  );
  return fields.length === 0 ? null : { part: 'settings', title: words.wizard.further, fields };
}

function isThere({ part, fields }: FormPart, { capabilities, configuration, signing }: Manifest): boolean {
  if (part === 'credentials') return capabilities.credentials.length > 1;
  if (part === 'headers') return capabilities.customHeaders;
  // What signs nothing has no use for one.
  if (part === 'secret') return signing.headers.length > 0;
  if (part === 'settings') return (fields ?? Object.keys(configuration.schema.properties ?? {})).length > 0;
  return true;
}

function cardsOf(form: readonly FormPart[]): readonly (readonly FormPart[])[] {
  const cards: FormPart[][] = [];
  for (const part of form) {
    const last = cards.at(-1);
    const joins = last !== undefined && !large.has(part.part) && last.every((one) => !large.has(one.part));
    if (joins) last.push(part);
    else cards.push([part]);
  }
  return cards;
}

function Part({ part, ...props }: DraftProps & { readonly part: FormPart }): ReactNode {
  const { manifest, draft, onChange, problems } = props;
  const { configuration } = manifest;
  switch (part.part) {
    case 'name':
      return (
        <TextField
          label={part.title}
          hint={part.hint ?? words.wizard.nameHint}
          required
          problem={problemAt(problems, '/name')}
          value={draft.name}
          onChange={(name) => onChange({ name })}
        />
      );
    case 'environment':
      return <Environment part={part} />;
    case 'target':
      return <TargetForm {...props} {...(manifest.form === undefined ? {} : { part })} />;
    case 'credentials':
      return <CredentialsForm {...props} title={part.title} />;
    case 'headers':
      return <HeadersForm {...props} title={part.title} />;
    case 'events':
      return <EventsForm {...props} title={part.title} />;
    case 'settings':
      return (
        <SettingsFields
          manifest={manifest}
          schema={schemaOf(configuration.schema, part.fields)}
          value={draft.settings}
          onChange={(settings) => onChange({ settings })}
          context={{ problems, at: '/settings', secret: configuration.secretFields }}
        />
      );
    case 'secret':
      return (
        <TextField
          label={part.title}
          hint={words.wizard.secretHint}
          type="password"
          problem={problemAt(problems, '/secret')}
          value={draft.secret}
          onChange={(secret) => onChange({ secret })}
        />
      );
    case 'contacts':
      return (
        <WordsField
          label={part.title}
          hint={words.wizard.contactsHint}
          problem={problemAt(problems, '/contacts')}
          values={draft.contacts}
          onChange={(contacts) => onChange({ contacts })}
        />
      );
  }
}

/** Of a schema these fields alone, in the order of the form. */
function schemaOf(schema: Manifest['configuration']['schema'], fields: readonly string[] | undefined) {
  if (fields === undefined) return schema;
  const known = schema.properties ?? {};
  return {
    ...schema,
    properties: Object.fromEntries(
      fields.flatMap((name) => {
        const field = known[name];
        return field === undefined ? [] : [[name, field] as const];
      }),
    ),
  };
}

/** Which workspace it will be in, for those whose vendor calls it an environment. */
function Environment({ part }: { readonly part: FormPart }) {
  const { data: caller } = useCaller();
  const id = chosenWorkspace() ?? caller?.workspaceId;
  const workspace = useAsk<Workspace>(id === undefined ? null : `/v1/workspaces/${encodeURIComponent(id)}`);
  return (
    <div className="stack tight">
      <Facts of={[[part.title, words.wizard.environment(workspace.data?.name ?? id ?? '', id ?? '')]]} />
      {part.hint === undefined ? null : <p className="quiet">{part.hint}</p>}
    </div>
  );
}
