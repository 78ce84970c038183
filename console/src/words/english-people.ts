/** People: roles and what they allow, users, and where somebody is signed in. */
const people = (count: number): string => `${count} ${count === 1 ? 'person' : 'people'}`;

export const peopleWords = {
  scopes: {
    /** What may be allowed, by what it is about; each in a sentence. */
    areas: [
      {
        title: 'Assets',
        scopes: [
          [
            'assets:read',
            'Look',
            'See assets with their files, metadata, history, folders, collections, jobs and share links.',
          ],
          [
            'assets:write',
            'Change',
            'Upload, edit, move, archive, share and delete assets; make folders, collections and jobs.',
          ],
        ],
      },
      {
        title: 'Webhooks and inboxes',
        scopes: [
          ['webhooks:read', 'Look', 'See webhooks with their state and statistics, inboxes, and the event catalogue.'],
          [
            'webhooks:write',
            'Change',
            'Make, edit, test, enable, disable and delete webhooks; renew their secrets; make inboxes.',
          ],
          [
            'secrets:reveal',
            'See secrets',
            'Be shown the signing secret of a webhook. Every time stands in the audit.',
          ],
        ],
      },
      {
        title: 'Deliveries',
        scopes: [
          ['deliveries:read', 'Look', 'See what was sent to whom, every attempt, statistics and notices.'],
          [
            'deliveries:write',
            'Change',
            'Send deliveries again, replay many, cancel them, and say that a notice was seen.',
          ],
        ],
      },
      {
        title: 'People and keys',
        scopes: [
          ['keys:read', 'Look', 'See who may come in: users, roles, keys, grants and open sessions.'],
          [
            'keys:write',
            'Change',
            'Invite people, give roles, make and revoke keys, end sessions of others: never more than one may oneself.',
          ],
        ],
      },
      {
        title: 'Settings',
        scopes: [
          ['settings:read', 'Look', 'See the settings of the workspace and the audit log.'],
          [
            'settings:write',
            'Change',
            'Set retention, contacts, metadata fields, sections, libraries and signing keys.',
          ],
        ],
      },
    ] as readonly {
      readonly title: string;
      readonly scopes: readonly (readonly [scope: string, verb: string, sentence: string])[];
    }[],
    notYours: 'You do not have this yourself, so you cannot give it.',
  },
  roles: {
    title: 'Roles',
    lead: 'What people may do. Somebody with several roles may do what any of them allows.',
    new: 'New role',
    name: 'Name',
    id: 'Id',
    idHint: 'How the API and the command line call it: small letters, digits and hyphens. It stays as it is.',
    may: 'May',
    holders: 'Who has it',
    holdersOf: people,
    nobody: 'Nobody',
    look: 'Look',
    copy: 'Make one like it',
    copyName: (name: string) => `${name}, of our own`,
    builtInLead: 'Built in: the same in every workspace, not to be changed. Make one like it and change that.',
    nothing: 'Nothing is ticked: somebody with only this role may sign in and see nothing.',
    deleteTitle: (name: string) => `Delete the role ${name}?`,
    deleteLead: 'Nobody has it, so nobody loses anything.',
    inUse: (count: number) =>
      `${people(count)} ${count === 1 ? 'has' : 'have'} this role, so it cannot be deleted. Give ${count === 1 ? 'them' : 'each'} another role first:`,
    areaAllows: (area: string, verbs: readonly string[]) => `${area}: ${verbs.join(', ').toLowerCase()}.`,
    saved: 'Saved. It counts within a second, also for those who are signed in.',
  },
  users: {
    rolesOf: 'Roles',
    rolesHint: 'What any of them allows is allowed. A change counts within a second.',
    admin: 'Admin of the installation: everything, in every workspace',
    remove: 'Remove',
    removeTitle: (name: string) => `Remove ${name}?`,
    removeLead:
      'Sessions end at once and grants go. What they did stays in the history and in the audit, under their name.',
    noRole: 'No role: they can sign in and see only what a grant opens to them.',
    access: 'Access',
    passwordLink: 'New password link',
    disableLead: 'Disabled, they cannot sign in, and where they are signed in it ends within a second.',
    self: 'you',
  },
  sessions: {
    title: 'Where you are signed in',
    titleOf: 'Where they are signed in',
    lead: 'Each browser that has signed in, for twelve hours. End what you do not know, and change your password.',
    none: 'Signed in nowhere',
    current: 'This one',
    browser: 'Browser',
    unknownBrowser: 'Unknown program',
    onDevice: (browser: string, system: string) => `${browser} on ${system}`,
    from: 'From',
    since: 'Since',
    lastSeen: 'Last seen',
    ends: 'Ends',
    end: 'End',
    endLabel: (what: string) => `End ${what}`,
    ended: 'Ended',
    endOthers: 'End all others',
    endOthersTitle: 'End your sessions everywhere else?',
    endOthersLead: (count: number) =>
      `${count === 1 ? 'One other browser has' : `${count} other browsers have`} to sign in again. This one goes on.`,
    endAll: 'End all',
    endAllTitle: (name: string) => `End every session of ${name}?`,
    endAllLead: 'They have to sign in again. Disable the person to keep them out.',
    endedMany: (count: number) => `${count} ended`,
  },
  account: {
    who: 'You are',
    name: 'Name',
    workspace: 'Workspace',
    may: 'May',
    admin: 'Admin of the installation',
    byKey: 'Signed in with a key or by the link of the terminal: there is no password to change.',
  },
};
