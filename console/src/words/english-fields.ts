import { showCount } from '../parts/format.ts';

const assets = (count: number): string => `${showCount(count)} ${count === 1 ? 'asset' : 'assets'}`;

/** Definitions of metadata, their rules, and what a change of one does to the values that are there. */
export const fieldWords = {
  fields: {
    chooseOne: 'Choose at least one of them.',
    noOption: (value: string) => `${value} (no option any more)`,
    up: (name: string) => `Move ${name} up`,
    down: (name: string) => `Move ${name} down`,
    edit: (name: string) => `Edit ${name}`,
    delete: (name: string) => `Delete ${name}`,
    nameHint: 'The key that programs use. It stays as it is; what people read is the label.',
    typeStays: 'The type stays as it is: values of another type are another field.',
    description: 'What it is for',
    descriptionHint: 'Stands below the field where assets are edited.',
    labels: 'Labels in other languages',
    labelsHint: 'A language is a code such as de or pt-BR.',
    language: 'Language',
    labelIn: 'Label in this language',
    addLanguage: 'Add a language',
    requiredHint: 'New assets must have a value, or get the default.',
    default: 'Default',
    defaultHint: 'What an upload gets that says nothing. Assets that are there keep what they have.',
    noDefault: 'No default',
    defaultOn: 'Yes',
    defaultOff: 'No',
    bounds: 'What fits',
    bound: {
      minLength: 'Characters, at least',
      maxLength: 'Characters, at most',
      minimum: 'At least',
      maximum: 'At most',
      earliest: 'Not before',
      latest: 'Not after',
      itemsMin: 'Chosen, at least',
      itemsMax: 'Chosen, at most',
    },
    whole: 'Whole numbers only',
    format: 'Form',
    formats: { '': 'Any text', url: 'A web address', email: 'An e-mail address' } as {
      readonly [format: string]: string;
    },
    optionValue: (at: number) => `Value of option ${at}`,
    optionLabel: (at: number) => `Label of option ${at}`,
    value: 'Value',
    label: 'Label',
    optionsHint: 'The value is what assets hold, the label what people read. They are offered in this order.',
    addOption: 'Add an option',
    retire: (value: string) => `Retire ${value}`,
    bringBack: 'Keep it after all',
    optionUp: (value: string) => `Move option ${value} up`,
    optionDown: (value: string) => `Move option ${value} down`,
    retiredThen: (value: string) => `Assets that have ${value}`,
    retiredKeep: 'keep it; it is told as not fitting',
    retiredLose: 'lose it',
    retiredBecome: (label: string) => `get ${label} instead`,
    consequences: 'What this does to assets that are there',
    counting: 'Assets',
    someAssets: 'Assets',
    about: (count: number, is: string): string => (is === 'exact' ? assets(count) : `about ${assets(count)}`),
    newlyRequired: (have: string) =>
      `${have} without a value stay as they are and are told as not fitting. Uploads without one are refused from now on, unless there is a default.`,
    renamed: (from: string, to: string, have: string) =>
      `${have} with ${from} get ${to}. A job writes them one by one, and webhooks are told of each.`,
    lost: (from: string, have: string) =>
      `${have} with ${from} lose it. A job writes them one by one, and webhooks are told of each.`,
    kept: (from: string, have: string) =>
      `${have} with ${from} keep it. It is told as not fitting, and cannot be chosen again.`,
    beyond: (have: string) =>
      `${have} with a value outside stay as they are and are told as not fitting. Whoever changes the field there must mend it.`,
    tighter: 'Assets with values that do not fit any more stay as they are and are told as not fitting.',
    defaultChanged: 'Only uploads from now on get the new default.',
    removeTitle: (name: string) => `Delete the field ${name}?`,
    removeHas: (have: string) => `${have} with a value.`,
    removeValues: 'Take the values out of the assets too',
    removeValuesHint:
      'A job does it, asset by asset, and webhooks are told of each. Otherwise the values stay, as a field that nobody defined.',
    jobs: 'Assets being brought in line',
    jobKinds: {
      'replace-options': 'Options replaced',
      'remove-field': 'Values taken away',
      'apply-mappings': 'Embedded fields taken over',
    } as { readonly [kind: string]: string },
    jobProgress: (looked: number, changed: number) => `${showCount(looked)} looked at, ${showCount(changed)} changed`,
    jobCounted: (looked: number, changed: number) =>
      `counted only: ${showCount(looked)} looked at, ${showCount(changed)} would change`,
    jobFailed: (failed: number) => `${showCount(failed)} could not be changed`,
    jobStates: { running: 'Running', done: 'Done', cancelled: 'Cancelled' },
    jobCancel: 'Stop',
    jobBegun: 'Saved. Assets follow.',
    rules: 'How strictly they count',
    unknownFields: 'Fields that nobody defined',
    unknown: { accept: 'are kept as they come', refuse: 'are refused in uploads and edits' },
    fromElsewhere: 'What other systems send that does not fit',
    elsewhere: { note: 'is taken, and told as not fitting', refuse: 'is refused' },
  },
};
