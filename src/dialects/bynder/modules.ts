/** Which modules of the vendor's product an account has decides which notifications there are. */
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { PropertyDescription } from '../contract/manifest.ts';
import { eventRows, type Module } from './events.ts';

/** The Asset Bank is what the product is: it cannot be left out. */
type Switched = Exclude<Module, 'assetBank'>;

const names: { readonly [Name in Switched]: string } = {
  workflow: 'workflowEnabled',
  archive: 'archivingEnabled',
  antivirus: 'antivirusEnabled',
};

export const properties: readonly PropertyDescription[] = [
  {
    type: 'boolean',
    name: names.workflow,
    title: 'Asset Workflow',
    description: 'Webhooks can be told of new jobs (workflow.job.create)',
    default: true,
  },
  {
    type: 'boolean',
    name: names.archive,
    title: 'Archive dates',
    description: 'Webhooks can be told that a date of archiving is near (asset_bank.media.pre_archived)',
    default: true,
  },
  {
    type: 'boolean',
    name: names.antivirus,
    title: 'Antivirus',
    description: 'Webhooks can be told of files that are infected or could not be scanned (antivirus.scan.failed)',
    default: true,
  },
];

/** The events of modules that are switched off; given the properties that are set. Pure. */
export function eventsOff(values: JsonObject): readonly string[] {
  const off = new Set<Module>();
  for (const [module, name] of Object.entries(names) as [Switched, string][])
    if (ownValue(values, name) === false) off.add(module);
  return off.size === 0 ? [] : eventRows.filter(({ module }) => off.has(module)).map(({ name }) => name);
}
