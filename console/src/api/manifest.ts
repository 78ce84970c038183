/** A dialect as its manifest describes it: what forms, catalogue and reference are drawn from. */
import type { Json, JsonObject } from './json.ts';

export type JsonSchema = {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly properties?: { readonly [name: string]: JsonSchema };
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly default?: Json;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly examples?: readonly Json[];
};

export type EventDescription = {
  readonly name: string;
  readonly summary: string;
  readonly fires: string;
  readonly changeKinds: readonly string[];
  readonly schema: JsonSchema;
  readonly example: JsonObject;
};

export type Manifest = {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly sources: readonly { readonly url: string; readonly readOn: string }[];
  readonly events: readonly EventDescription[];
  readonly transports: readonly ('http' | 'sqs' | 'email')[];
  /** The vendor's own names for where deliveries may go, where it has several. */
  readonly protocols?: readonly Protocol[];
  /** The vendor's own form, in its words and order. */
  readonly form?: readonly FormPart[];
  /** Its webhooks are about one library each, named by this setting. */
  readonly library?: { readonly setting: string };
  readonly configuration: { readonly schema: JsonSchema; readonly secretFields: readonly string[] };
  readonly capabilities: {
    readonly targetEditable: boolean;
    readonly singleEvent: boolean;
    readonly noEvents?: boolean;
    readonly handshake: boolean;
    readonly plainHttp: boolean;
    readonly customHeaders: boolean;
    readonly credentials: readonly ('none' | 'basic' | 'bearer' | 'oauth2' | 'aws')[];
  };
  readonly limits: {
    readonly webhooksMax: number;
    readonly customHeadersMax: number;
    readonly payloadBytesMax: number;
  };
  readonly policy: Policy;
  /** What is different where deliveries go to a queue or by mail. */
  readonly policyByTransport?: { readonly [transport: string]: Partial<Policy> };
  readonly properties?: readonly Property[];
  readonly signing: { readonly summary: string; readonly headers: readonly string[] };
};

export type Policy = {
  readonly timeoutMs: number;
  readonly success: readonly (readonly [number, number])[];
  readonly schedule: {
    readonly delaysMs: readonly number[];
    /** After those, so many more, all alike. */
    readonly then?: { readonly everyMs: number; readonly times: number };
    readonly jitter: number;
    readonly ageMaxMs: number;
  };
  readonly concurrencyMax: number;
  /** What is done on enabling, where nobody says otherwise. */
  readonly onEnable: { readonly held: 'send' | 'cancel'; readonly missed: 'replay' | 'skip' };
};

/** How deliveries are made that go this way, where the webhook itself says nothing else. */
export function policyFor({ policy, policyByTransport }: Manifest, transport: string): Policy {
  return { ...policy, ...policyByTransport?.[transport] };
}

export type Property = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly min: number;
  readonly max: number;
  readonly default: number;
};

export type Protocol = {
  readonly name: string;
  readonly title: string;
  readonly transport: 'http' | 'sqs' | 'email';
  readonly endpoint: { readonly title: string; readonly description: string; readonly example: string };
  readonly settings?: JsonObject;
};

export type FormPart = {
  readonly part: PartName;
  readonly title: string;
  readonly hint?: string;
  /** Of `settings`: which of them. */
  readonly fields?: readonly string[];
  /** Of `target`: its URL in two, by these names. */
  readonly split?: readonly [host: string, path: string];
};

export type PartName =
  | 'name'
  | 'environment'
  | 'target'
  | 'credentials'
  | 'headers'
  | 'events'
  | 'settings'
  | 'secret'
  | 'contacts';
