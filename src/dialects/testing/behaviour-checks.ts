import assert from 'node:assert/strict';
import { type Change, changeKinds } from '../../core/change.ts';
import type { Notification } from '../../core/delivery.ts';
import { eventsOf } from '../../core/event-table.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Verdict } from '../../core/verdict.ts';
import type { Rendered, RenderInput } from '../contract/message.ts';
import type { Dialect } from '../dialect.ts';
import type { Check, Conformance } from './conformance.ts';
import { compileSchema } from './manifest-checks.ts';
import { sampleOutcomes } from './sample-outcomes.ts';
import { sampleLinks, sampleSigningKeyId, sampleWebhook } from './sample-webhook.ts';

export type Sample = { readonly change: Change; readonly notification: Notification };

/** Every notification that the sample changes become, each with its change. */
export function samplesOf({ dialect, settings }: Conformance): readonly Sample[] {
  const webhook = sampleWebhook(dialect, { settings: settings ?? {} });
  return changeKinds.flatMap((kind) => {
    const change = frozen(sampleChange(kind));
    return dialect.notify(change, frozen(webhook), contextOf()).map((notification) => ({ change, notification }));
  });
}

/** Chance that is the same every time, so that what is drawn at commit can stand in a golden file. */
function contextOf(): Parameters<Dialect['notify']>[2] {
  return {
    nowMs: sampleChange('asset.ready').acceptedAtMs,
    draw: (count) => Uint8Array.from({ length: count }, (_, index) => (index * 37 + 11) & 255),
    signingKeyId: () => sampleSigningKeyId,
  };
}

/** Renders a sample as the engine would. */
export function renderSample({ dialect, settings }: Conformance, { change, notification }: Sample): Rendered {
  const input: RenderInput = {
    change,
    webhook: frozen(sampleWebhook(dialect, { settings: settings ?? {} })),
    notification,
    messageId: notification.messageId ?? 'dlv_01kan4c4q0edkxrmnr6dgk2vfy',
    createdAtMs: change.acceptedAtMs,
    links: sampleLinks,
  };
  return dialect.render(input);
}

/** The body's bytes; of one that carries its own signature, those with a signature of noughts. */
export function bytesOf(rendered: Rendered): Uint8Array {
  return rendered.body instanceof Uint8Array ? rendered.body : rendered.body.embed(new Uint8Array(256));
}

export function textOf(rendered: Rendered): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(rendered));
}

/** What a dialect must do with any change, and must not do to it. */
export const behaviourChecks: readonly Check[] = [
  {
    name: 'notifications are of the events that the table says, and the same for the same draw',
    run(conformance) {
      const first = samplesOf(conformance);
      assert.deepEqual(first, samplesOf(conformance));
      for (const { change, notification } of first) {
        const row = eventsOf(conformance.dialect.events, change.kind);
        assert.ok(row.includes(notification.event), `${change.kind} became "${notification.event}"`);
      }
      const events = new Set(first.map(({ notification }) => notification.event));
      for (const { name } of conformance.dialect.manifest.events) {
        assert.ok(events.has(name), `no sample change becomes "${name}"`);
      }
    },
  },
  {
    name: 'every body fits the schema of its event and the limit of the dialect',
    run(conformance) {
      const { manifest } = conformance.dialect;
      for (const sample of samplesOf(conformance)) {
        const rendered = renderSample(conformance, sample);
        const event = manifest.events.find(({ name }) => name === sample.notification.event);
        assert.ok(event !== undefined && rendered.contentType !== '');
        const validate = compileSchema(event.schema);
        assert.ok(validate(JSON.parse(textOf(rendered))), `${event.name}: ${JSON.stringify(validate.errors)}`);
        assert.ok(bytesOf(rendered).length <= manifest.limits.payloadBytesMax);
      }
    },
  },
  {
    name: 'the same input yields the same bytes and headers',
    run(conformance) {
      for (const sample of samplesOf(conformance)) {
        const first = renderSample(conformance, sample);
        const copy: Sample = JSON.parse(JSON.stringify(sample));
        const second = renderSample(conformance, copy);
        assert.deepEqual(bytesOf(first), bytesOf(second), `${sample.notification.event} was rendered differently`);
        assert.deepEqual(first.headers, second.headers);
      }
    },
  },
  {
    name: 'a JSON body is its own re-serialisation',
    run(conformance) {
      if (conformance.notReserialised !== undefined) {
        assert.ok(conformance.notReserialised.length >= 10, 'an exception needs its reason');
        return;
      }
      for (const sample of samplesOf(conformance)) {
        const text = textOf(renderSample(conformance, sample));
        assert.equal(JSON.stringify(JSON.parse(text)), text, sample.notification.event);
      }
    },
  },
  { name: 'the judge has a verdict for every outcome at every attempt', run: checkJudge },
];

function checkJudge({ dialect }: Conformance): void {
  const { policy, events } = dialect.manifest;
  const attempts = [1, 2, policy.schedule.delaysMs.length, policy.schedule.delaysMs.length + 1, 10_000];
  const trials = attempts.flatMap((attempt) => [0, 0.999_999].map((chance) => ({ attempt, chance })));
  const nowMs = 1_000_000;
  const event = events[0]?.name ?? '';
  for (const outcome of sampleOutcomes) {
    for (const { attempt, chance } of trials) {
      const verdict = dialect.judge({ outcome, event, attempt, createdAtMs: nowMs - 1_000, nowMs, policy, chance });
      const context = `${JSON.stringify(outcome)} at attempt ${attempt}`;
      checkVerdict(verdict, nowMs, context);
      const last = attempt > policy.schedule.delaysMs.length && outcome.kind !== 'interrupted';
      if (last) assert.notEqual(verdict.kind, 'retry', `${context} would go on for ever`);
      if (outcome.kind !== 'response') assert.notEqual(verdict.kind, 'delivered', context);
    }
  }
}

function checkVerdict(verdict: Verdict, nowMs: number, context: string): void {
  switch (verdict.kind) {
    case 'delivered':
      return;
    case 'retry':
      assert.ok(Number.isFinite(verdict.atMs) && verdict.atMs >= nowMs, context);
      assert.ok(verdict.throttleLaneUntilMs === undefined || Number.isFinite(verdict.throttleLaneUntilMs), context);
      assert.notEqual(verdict.reason, '', context);
      return;
    case 'rejected':
    case 'dead':
    case 'disable':
      assert.notEqual(verdict.reason, '', context);
      return;
    default:
      verdict satisfies never;
      assert.fail(context);
  }
}

/** Deeply frozen, so that a dialect that writes to its input throws. */
function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}
