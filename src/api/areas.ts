/** The areas of the API as the document and the reference name them, in the order in which they are read. */
export type Area = { readonly title: string; readonly description: string };

export const areas: { readonly [name: string]: Area } = {
  assets: {
    title: 'Assets',
    description:
      'Files and what is known of them. Upload a file, push the full state that another DAM has, or change one field: what changed is computed, kept and delivered.',
  },
  comments: {
    title: 'Comments and approval',
    description:
      'What people say about an asset or a part of it, and whether it may be used: each a change of the asset.',
  },
  trash: {
    title: 'Trash',
    description: 'Deleted assets, for as long as they can be brought back.',
  },
  broadcasts: {
    title: 'Broadcasts',
    description:
      'What is or was live: registered, or live while its bytes arrive here; with a recording, clips and what is said of it.',
  },
  folders: {
    title: 'Folders',
    description:
      'Where assets lie, as a tree with ids that stay: made, renamed, moved and removed with all that lies in them.',
  },
  collections: {
    title: 'Collections',
    description: 'Assets that belong together, wherever they lie: a key that assets carry, with a name and a list.',
  },
  sections: {
    title: 'Sections',
    description: 'Ordered groups that divide a workspace or a collection; an asset is in one of them at most.',
  },
  libraries: {
    title: 'Libraries',
    description:
      'The parts that the assets of a workspace are divided into; an asset is in one. Grants and webhooks may be about one of them.',
  },
  jobs: {
    title: 'Workflow jobs',
    description: 'What people are to do with which assets, by when, and how far it is.',
  },
  tasks: {
    title: 'Tasks',
    description: 'Work on many assets that goes on by itself: how far it is.',
  },
  'metadata-fields': {
    title: 'Metadata fields',
    description:
      'Definitions of custom metadata: which fields the assets of a workspace have, what their values may be, and how strictly that is held to.',
  },
  'metadata-mappings': {
    title: 'Metadata mappings',
    description: 'What a file says of itself, brought into metadata by rules; and work on the metadata of many assets.',
  },
  fetches: {
    title: 'Uploads by address',
    description:
      'Files fetched from where they lie, over the guarded road: asked for, followed, repeated. And whether bytes are there already.',
  },
  syncs: {
    title: 'Full syncs',
    description: 'Keep step with another system: push every asset it has, then let what vanished there vanish here.',
  },
  erasures: {
    title: 'Erasures',
    description: 'An asset or a person, out of the past as well; and the record that it was done.',
  },
  'share-links': {
    title: 'Share links',
    description: 'Files for people who have no account: pages with preview and download, with expiry and password.',
  },
  share: { title: 'Share', description: 'What visitors of a share link meet; open to whoever holds its URL.' },
  changes: {
    title: 'Changes',
    description: 'Immutable records that something happened: report them, list them, follow them live.',
  },
  webhooks: {
    title: 'Webhooks',
    description:
      'Who is told what, where, and in which dialect; with its credentials, its policy, its signing secret and its state.',
  },
  deliveries: {
    title: 'Deliveries',
    description: 'What is owed to a webhook for one change: its state, every attempt, the exact request.',
  },
  replays: {
    title: 'Replays',
    description: 'Past deliveries sent again, as a duty that can be counted, watched, stopped.',
  },
  exports: {
    title: 'Exports',
    description: 'Changes and deliveries as files, for other programs and for spreadsheets.',
  },
  dialects: {
    title: 'Dialects',
    description: 'How receivers are spoken to: events with schemas and examples, configuration, limits, policy.',
  },
  inboxes: {
    title: 'Inboxes',
    description: 'Receiving addresses of our own that show what arrives and whether its signature verifies.',
  },
  workspaces: { title: 'Workspaces', description: 'Tenants: nothing of one is seen from another.' },
  users: { title: 'Users', description: 'People who sign in, with roles made of scopes.' },
  roles: { title: 'Roles', description: 'Named sets of scopes.' },
  grants: { title: 'Grants', description: 'What a user or key may do with one thing only.' },
  keys: { title: 'Keys', description: 'What programs sign in with: scopes, expiry, revoked within a second.' },
  'signing-keys': {
    title: 'Signing keys',
    description:
      'Keys that messages are signed with in their body, with the certificates that receivers verify by; made with the first webhook that needs one.',
  },
  sessions: { title: 'Sessions', description: 'Sign-in of browsers, and who the caller is.' },
  audit: { title: 'Audit', description: 'Who did what: administration, secrets, replays, erasure.' },
  settings: { title: 'Settings', description: 'What the server and a workspace run with.' },
  notices: { title: 'Notices', description: 'Warnings, and what was switched off and why.' },
  operation: { title: 'Operation', description: 'Health, metrics, statistics, this document.' },
};

/** Title and description of an area; its name in sentence case where it has none yet. */
export function areaOf(name: string): Area {
  const known = Object.hasOwn(areas, name) ? areas[name] : undefined;
  const words = name.replaceAll('-', ' ');
  return known ?? { title: `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`, description: `${words}.` };
}

/** Known areas in their order, then the others as they came. */
export function sortedAreas(names: Iterable<string>): readonly string[] {
  const order = Object.keys(areas);
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...new Set(names)].sort((left, right) => place(left) - place(right));
}
