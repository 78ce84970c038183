import type { Webhook } from './webhook.ts';

/** A webhook that asks for everything by HTTP, for examples and tests; `given` replaces what matters there. */
export function exampleWebhook(given: Partial<Webhook> & Pick<Webhook, 'dialect'>): Webhook {
  return {
    id: 'wh_01kan4c4q0edkxrmnr6dgk2vfw',
    workspaceId: 'default',
    revision: 1,
    name: 'Shop',
    target: { transport: 'http', url: 'https://shop.example/webhooks' },
    events: ['*'],
    settings: {},
    headers: [],
    credentials: { kind: 'none' },
    policy: {},
    state: 'enabled',
    stateChangedAtMs: 0,
    contacts: [],
    createdAtMs: 0,
    updatedAtMs: 0,
    ...given,
  };
}
