/** Receivers of the server itself, as the API shows them. */
import type { Headers } from './deliveries.ts';

export type Inbox = {
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
  readonly headers: Headers;
  readonly bodyBase64: string;
  readonly bodyBytes: number;
  readonly bodyCut: boolean;
  readonly verification: {
    readonly result: 'verified' | 'failed' | 'unsigned';
    readonly detail: string;
    readonly webhookId?: string;
  };
};
