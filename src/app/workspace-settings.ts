/** What a workspace decides for itself: one row, changed field by field, audited. */
import { resolvePolicy } from '../core/policy-resolution.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Storage } from '../storage/storage.ts';
import type { WebhookCases } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { renoticeDuty } from './renotice-duty.ts';
import type { SettingCases, WorkspaceSettings } from './people.ts';

export const defaultWorkspaceSettings: WorkspaceSettings = {
  contacts: [],
  mailFrom: 'warning',
  noticeDays: 90,
  auditDays: 365,
  trashDays: 30,
  archiveNoticeDays: [7],
  webhookPolicy: null,
};

const settingsKey = (workspaceId: string) => ({ workspaceId, type: 'setting', id: 'workspace' }) as const;

/** The settings of a workspace as they are now. */
export async function readWorkspaceSettings(
  storage: Pick<Storage, 'resources'>,
  workspaceId: string,
): Promise<WorkspaceSettings> {
  const [row] = await storage.resources([settingsKey(workspaceId)]);
  return settingsOf(row);
}

export type SettingsDeps = Pick<AppDeps, 'storage' | 'ids' | 'settings' | 'dialects' | 'media'> & {
  readonly committer: Committer;
};

export function createSettings({ storage, ids, settings, dialects, media, committer }: SettingsDeps): SettingCases {
  return {
    get: ({ workspaceId }) => readWorkspaceSettings(storage, workspaceId),

    async update(caller, patch) {
      const { webhookPolicy } = patch;
      // What one dialect would refuse must not become the default of all.
      if (webhookPolicy !== undefined && webhookPolicy !== null)
        for (const { manifest } of dialects.values()) resolvePolicy(manifest.policy, webhookPolicy);
      const written = await committer.write(settingsKey(caller.workspaceId), (current, atMs) => {
        const before = settingsOf(current);
        const after: WorkspaceSettings = { ...before, ...patch };
        const note = {
          action: 'settings.updated',
          target: 'setting:workspace',
          before: asState(before),
          after: asState(after),
        };
        return {
          kind: 'write',
          plan: {
            state: asState(after),
            changes: [],
            resources: [auditWrite({ ids, caller }, note, atMs)],
            duties: sameDays(before, after) ? [] : [renoticeDuty(ids, { workspaceId: caller.workspaceId, atMs })],
          },
          answer: () => after,
        };
      });
      if (written.kind === 'duplicate') throw new TypeError('Settings carry no idempotency row');
      return written.answer;
    },

    process: (caller) => (caller.admin ? settings.process : []),

    async films() {
      const tool = await media.films();
      return { state: tool.state, detail: tool.state === 'found' ? `ffmpeg ${tool.version}` : tool.note };
    },
  };
}

function sameDays(before: WorkspaceSettings, after: WorkspaceSettings): boolean {
  return before.archiveNoticeDays.toSorted().join() === after.archiveNoticeDays.toSorted().join();
}

/** Webhooks that are made without a policy of their own take the workspace's. */
export function withWebhookDefaults(storage: Pick<Storage, 'resources'>, cases: WebhookCases): WebhookCases {
  return {
    ...cases,
    async create(caller, input, idempotency) {
      const { webhookPolicy } = await readWorkspaceSettings(storage, caller.workspaceId);
      const whole = input.policy === undefined && webhookPolicy !== null ? { ...input, policy: webhookPolicy } : input;
      return cases.create(caller, whole, idempotency);
    },
  };
}

function settingsOf(row: Resource | null | undefined): WorkspaceSettings {
  // The row is written here only; what it lacks has its default.
  return { ...defaultWorkspaceSettings, ...(row?.state as Partial<WorkspaceSettings> | undefined) };
}

function asState({ contacts, archiveNoticeDays, webhookPolicy, ...rest }: WorkspaceSettings): JsonObject {
  // A policy is JSON by its schema.
  return { ...rest, contacts: [...contacts], archiveNoticeDays: [...archiveNoticeDays], webhookPolicy: webhookPolicy };
}
