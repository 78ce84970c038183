/** Use cases around the inbox, as callers see them. */
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller } from './app.ts';

export type InboxView = {
  readonly id: string;
  readonly url: string;
  readonly tlsUrl: string;
  readonly answer: { readonly status: number; readonly delayMs: number; readonly body: string };
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly received: number;
};

export type InboxRequest = {
  readonly id: string;
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyBase64: string;
  readonly bodyBytes: number;
  readonly bodyCut: boolean;
  /** Whether the signature of one of the workspace's webhooks verifies over the received bytes. */
  readonly verification: {
    readonly result: 'verified' | 'failed' | 'unsigned';
    readonly detail: string;
    readonly webhookId?: string;
  };
};

export type InboxRequestQuery = { readonly limit: number; readonly after?: string; readonly cursor?: string };

export interface InboxCases {
  create(caller: Caller): Promise<InboxView>;
  list(caller: Caller, query: { readonly limit: number; readonly cursor?: string }): Promise<Page<InboxView>>;
  get(caller: Caller, id: string): Promise<InboxView>;
  configure(caller: Caller, id: string, answer: Partial<InboxView['answer']>): Promise<InboxView>;
  remove(caller: Caller, id: string): Promise<void>;
  /** Newest first; with `after` those that came later than that one, oldest first. A cursor goes on as its list began. */
  requests(caller: Caller, id: string, query: InboxRequestQuery): Promise<Page<InboxRequest>>;
  subscribe(caller: Caller, id: string, listener: (request: InboxRequest) => void): Promise<() => void>;
  /** Anybody may call: what arrives at `/inbox/{id}`. Null where there is no such inbox. */
  receive(id: string, request: Omit<InboxRequest, 'id' | 'atMs' | 'verification'>): Promise<InboxView['answer'] | null>;
}
