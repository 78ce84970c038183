/** What a manifest says of its events by their samples: which kinds of change become one, and what is sent for it. */
import { type ChangeKind, changeKinds } from '../core/change.ts';
import { type EventTable, eventsOf } from '../core/event-table.ts';
import type { JsonObject } from '../core/json.ts';
import { sampleChange } from '../core/sample-change.ts';
import type { EventDescription } from './contract/manifest.ts';
import type { RenderInput } from './contract/message.ts';
import type { Dialect } from './dialect.ts';

/**
 * The kinds that become this event. `usual`: what is most often meant by an event stands first, because examples and test
 * sends are made of it.
 */
export function kindsBecoming(
  events: EventTable,
  event: string,
  usual: ReadonlySet<ChangeKind> = new Set(),
): readonly ChangeKind[] {
  const kinds = changeKinds.filter((kind) => eventsOf(events, kind).includes(event));
  return [...kinds.filter((kind) => usual.has(kind)), ...kinds.filter((kind) => !usual.has(kind))];
}

/** An event whose schema and example are made when somebody first looks at them: no start of a server does. */
export function describeEvent(
  event: Omit<EventDescription, 'schema' | 'example'>,
  make: { readonly schema: () => JsonObject; readonly example: () => JsonObject },
): EventDescription {
  let schema: JsonObject | null = null;
  let example: JsonObject | null = null;
  return {
    ...event,
    get schema() {
      return (schema ??= make.schema());
    },
    get example() {
      return (example ??= make.example());
    },
  };
}

/** How a dialect's examples are made: the same every time. */
export type ExampleMaking = Pick<Dialect, 'render'> & Pick<RenderInput, 'webhook' | 'links'>;
export type ExampleOf = Pick<RenderInput, 'notification'> & {
  readonly kind: ChangeKind;
  /** Absent: an id of ours. */
  readonly messageId?: string;
};

/** The body of an event for the sample change of a kind; one that carries its own signature has noughts for it. */
export function exampleBody({ render, webhook, links }: ExampleMaking, example: ExampleOf): JsonObject {
  const { kind, notification, messageId = 'dlv_01kan4c4q0edkxrmnr6dgk2vfy' } = example;
  const change = sampleChange(kind);
  const { body } = render({ change, webhook, notification, messageId, createdAtMs: change.acceptedAtMs, links });
  const bytes = body instanceof Uint8Array ? body : body.embed(new Uint8Array(256));
  return JSON.parse(new TextDecoder().decode(bytes)) as JsonObject;
}
