/** Every command as a row: its name, its line in `--help`, and where its module is. */
import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/** A command's module: it adds options and actions to its command. `whole` is the program with every command loaded. */
export type CommandModule = {
  define(command: Command, context: CliContext, whole: () => Promise<Command>): void;
};

/** A command by name; its module is loaded when it was typed. */
export type CommandRow = { readonly name: string; readonly summary: string; load(): Promise<CommandModule> };

/** Every command, in the groups `--help` shows. */
export const commandGroups: readonly { readonly title: string; readonly rows: readonly CommandRow[] }[] = [
  {
    title: 'The server:',
    rows: [
      { name: 'serve', summary: 'run the server', load: () => import('./commands/serve.ts') },
      {
        name: 'worker',
        summary: 'deliver what others on the same PostgreSQL have taken in',
        load: () => import('./commands/worker.ts'),
      },
      {
        name: 'demo',
        summary: 'see files become verified webhooks, in a temporary directory',
        load: () => import('./commands/demo.ts'),
      },
      {
        name: 'doctor',
        summary: 'check this machine and this configuration',
        load: () => import('./commands/doctor.ts'),
      },
      {
        name: 'backup',
        summary: 'copy the data directory while the server runs',
        load: () => import('./commands/backup.ts'),
      },
      {
        name: 'migrate',
        summary: 'move a whole installation from SQLite to PostgreSQL',
        load: () => import('./commands/migrate.ts'),
      },
      {
        name: 'blobs',
        summary: 'move the files of a data directory to S3',
        load: () => import('./commands/blobs.ts'),
      },
    ],
  },
  {
    title: 'Assets and changes:',
    rows: [
      {
        name: 'upload',
        summary: 'upload files or whole directories; what is there is skipped',
        load: () => import('./commands/upload.ts'),
      },
      {
        name: 'fetches',
        summary: 'files that the server brings from an address: how far, again, not any more',
        load: () => import('./commands/fetches.ts'),
      },
      {
        name: 'import',
        summary: 'bring in the states of very many assets from a file',
        load: () => import('./commands/import.ts'),
      },
      {
        name: 'watch',
        summary: 'watch a folder: its files are assets',
        load: () => import('./commands/watch.ts'),
      },
      {
        name: 'syncs',
        summary: 'keep step with another system: what vanished there, and what becomes of it',
        load: () => import('./commands/syncs.ts'),
      },
      {
        name: 'assets',
        summary: 'list, show, edit, copy, check out, date, delete and restore assets',
        load: () => import('./commands/assets.ts'),
      },
      {
        name: 'search',
        summary: 'find assets by words, fields, tags, folders and dates',
        load: () => import('./commands/search.ts'),
      },
      {
        name: 'metadata-fields',
        summary: 'define metadata fields, and which embedded fields become metadata',
        load: () => import('./commands/metadata-fields.ts'),
      },
      {
        name: 'folders',
        summary: 'list, make, rename, move and remove folders',
        load: () => import('./commands/folders.ts'),
      },
      {
        name: 'collections',
        summary: 'make collections, put assets in and take them out',
        load: () => import('./commands/collections.ts'),
      },
      {
        name: 'broadcasts',
        summary: 'go live by streaming a film, register, clip and remove broadcasts',
        load: () => import('./commands/broadcasts.ts'),
      },
      {
        name: 'sections',
        summary: 'ordered groups that an asset is in one of at most',
        load: () => import('./commands/sections.ts'),
      },
      {
        name: 'jobs',
        summary: 'workflow jobs: what is to be done with which assets, by when',
        load: () => import('./commands/jobs.ts'),
      },
      {
        name: 'libraries',
        summary: 'make libraries: assets are in one at a time, grants and webhooks may be about it',
        load: () => import('./commands/libraries.ts'),
      },
      {
        name: 'comments',
        summary: 'comments, annotations and approval of assets',
        load: () => import('./commands/comments.ts'),
      },
      {
        name: 'tasks',
        summary: 'work on many assets that goes on by itself',
        load: () => import('./commands/tasks.ts'),
      },
      {
        name: 'changes',
        summary: 'list changes, follow them live, or report them',
        load: () => import('./commands/changes.ts'),
      },
      {
        name: 'trigger',
        summary: 'report a sample change of a kind, to see what becomes of it',
        load: () => import('./commands/trigger.ts'),
      },
    ],
  },
  {
    title: 'Webhooks and deliveries:',
    rows: [
      {
        name: 'webhooks',
        summary: 'create, list, test and switch webhooks',
        load: () => import('./commands/webhooks.ts'),
      },
      {
        name: 'deliveries',
        summary: 'list, show, follow and redeliver deliveries',
        load: () => import('./commands/deliveries.ts'),
      },
      {
        name: 'replay',
        summary: 'send past deliveries again, after an estimate',
        load: () => import('./commands/replay.ts'),
      },
      {
        name: 'dialects',
        summary: 'show how receivers can be spoken to: events, settings, limits',
        load: () => import('./commands/dialects.ts'),
      },
      {
        name: 'inbox',
        summary: 'make receiving endpoints and watch what arrives',
        load: () => import('./commands/inbox.ts'),
      },
      {
        name: 'listen',
        summary: 'bring webhooks to a program on this machine',
        load: () => import('./commands/listen.ts'),
      },
      {
        name: 'verify',
        summary: 'check the signature of a request that was received',
        load: () => import('./commands/verify.ts'),
      },
    ],
  },
  {
    title: 'Administration:',
    rows: [
      {
        name: 'erase',
        summary: 'erase an asset or a person, out of the past as well',
        load: () => import('./commands/erase.ts'),
      },
      {
        name: 'erasures',
        summary: 'how far erasures have come, and that they were done',
        load: () => import('./commands/erasures.ts'),
      },
      {
        name: 'share-links',
        summary: 'share files with people who have no account',
        load: () => import('./commands/share-links.ts'),
      },
      {
        name: 'exports',
        summary: 'write deliveries, changes, assets or the audit into a file',
        load: () => import('./commands/exports.ts'),
      },
      { name: 'keys', summary: 'create, list, rotate and revoke API keys', load: () => import('./commands/keys.ts') },
      {
        name: 'transports',
        summary: 'send a test by the mail server or to a queue (admin keys)',
        load: () => import('./commands/transports.ts'),
      },
      {
        name: 'never-asked',
        summary: 'addresses that nobody here may ask for consent (admin keys)',
        load: () => import('./commands/never-asked.ts'),
      },
      {
        name: 'signing-keys',
        summary: 'keys and certificates that messages are signed with',
        load: () => import('./commands/signing-keys.ts'),
      },
      {
        name: 'roles',
        summary: 'what users may do: list, make, change and delete roles',
        load: () => import('./commands/roles.ts'),
      },
      {
        name: 'grants',
        summary: 'let somebody read or write one folder, collection or asset',
        load: () => import('./commands/grants.ts'),
      },
      { name: 'users', summary: 'invite, list, change and remove users', load: () => import('./commands/users.ts') },
      {
        name: 'sessions',
        summary: 'where people are signed in; end one, or all of somebody',
        load: () => import('./commands/sessions.ts'),
      },
      {
        name: 'workspaces',
        summary: 'make, list, disable and erase workspaces (admin keys)',
        load: () => import('./commands/workspaces.ts'),
      },
      {
        name: 'settings',
        summary: 'what the workspace and the server run with',
        load: () => import('./commands/settings.ts'),
      },
      {
        name: 'notices',
        summary: 'warnings, and what was switched off',
        load: () => import('./commands/notices.ts'),
      },
      { name: 'audit', summary: 'who did what, when and from where', load: () => import('./commands/audit.ts') },
      {
        name: 'completion',
        summary: 'print the completion script of a shell',
        load: () => import('./commands/completion.ts'),
      },
    ],
  },
];
