/**
 * What every transport promises (transport.ts), as tests. An implementation hands in itself with peers that behave in
 * five ways; the suite asks for nothing that is particular to HTTP.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { limits } from '../../core/limits.ts';
import type { OutcomeKind } from '../../core/outcome.ts';
import type { OutgoingMessage, Transport } from '../transport.ts';

/** `accepts`: takes every message well. `silent`: takes it and never answers. `endless`: answers without end. */
export type PeerBehaviour = 'accepts' | 'silent' | 'endless' | 'refuses' | 'breaks';

export type TransportSubject = {
  readonly transport: Transport;
  /** A target with such a peer behind it. */
  target(behaviour: PeerBehaviour): Promise<string>;
  /** Messages the peers have got. */
  received(): number;
  /** Resolves when the peers see no connection any more. */
  quiet(): Promise<unknown>;
  /** Resolves once the peers have got this many messages. */
  receivedAtLeast(count: number): Promise<unknown>;
  close(): Promise<void>;
};

export type TransportExpectations = {
  /** Kinds of outcome that this transport gives for such peers. */
  readonly refuses: readonly OutcomeKind[];
  readonly breaks: readonly OutcomeKind[];
  /** Of an answer without end, where it is no response: a service whose answers mean nothing unless they are whole. */
  readonly endless?: OutcomeKind;
  /** Targets that cannot be one. */
  readonly senselessTargets: readonly string[];
};

const failuresInARow = 50;

export function describeTransport(
  name: string,
  createSubject: () => Promise<TransportSubject>,
  expected: TransportExpectations,
): void {
  describe(`${name} keeps the transport contract`, () => {
    const subjects: TransportSubject[] = [];
    const make = async (): Promise<TransportSubject> => {
      const subject = await createSubject();
      subjects.push(subject);
      await subject.transport.start();
      return subject;
    };
    afterEach(async () => {
      for (const subject of subjects.splice(0)) {
        await subject.transport.stop();
        await subject.close();
      }
    });

    it('a message that is taken ends as a response with its timing', async () => {
      const subject = await make();
      const outcome = await subject.transport.send(messageTo(await subject.target('accepts')));
      assert.equal(outcome.kind, 'response');
      assert.ok(outcome.timing.totalMs >= 0 && outcome.timing.startedAtMs > 0);
      assert.equal(subject.received(), 1);
    });

    it('one deadline stands over everything', async () => {
      const subject = await make();
      const startedMs = performance.now();
      const outcome = await subject.transport.send({ ...messageTo(await subject.target('silent')), timeoutMs: 300 });
      const tookMs = performance.now() - startedMs;
      assert.equal(outcome.kind, 'timeout');
      assert.ok(tookMs >= 299 && tookMs < 20_000, `took ${tookMs} ms`);
      assert.equal(subject.transport.stats().requestsInFlight, 0);
    });

    it('an answer without end is cut at the limit', async () => {
      const subject = await make();
      const outcome = await subject.transport.send({
        ...messageTo(await subject.target('endless')),
        timeoutMs: 60_000,
      });
      assert.equal(outcome.kind, expected.endless ?? 'response');
      await subject.quiet();
      if (outcome.kind !== 'response') return;
      assert.ok(outcome.response.body.byteLength <= limits.responseReadBytesMax);
      assert.equal(outcome.response.bodyComplete, false);
    });

    it('a peer that refuses or breaks is an outcome, never an exception', async () => {
      const subject = await make();
      const refused = await subject.transport.send(messageTo(await subject.target('refuses')));
      const broken = await subject.transport.send(messageTo(await subject.target('breaks')));
      assert.ok(expected.refuses.includes(refused.kind), refused.kind);
      assert.ok(expected.breaks.includes(broken.kind), broken.kind);
    });

    it('senseless targets and headers are outcomes, never exceptions', async () => {
      const subject = await make();
      for (const target of expected.senselessTargets) {
        const outcome = await subject.transport.send(messageTo(target));
        assert.ok(['refused-by-config', 'blocked-address'].includes(outcome.kind), `${target}: ${outcome.kind}`);
      }
      const headers = [['x-bad\r\n', 'a\0b']] as const;
      const outcome = await subject.transport.send({ ...messageTo(await subject.target('accepts')), headers });
      assert.equal(outcome.kind, 'refused-by-config');
      assert.equal(subject.received(), 0);
    });

    it('an aborted signal interrupts what is in flight and stops what would begin', async () => {
      const subject = await make();
      const controller = new AbortController();
      const target = await subject.target('silent');
      const sending = subject.transport.send({ ...messageTo(target), signal: controller.signal });
      await subject.receivedAtLeast(1);
      controller.abort();
      assert.equal((await sending).kind, 'interrupted');
      const late = await subject.transport.send({ ...messageTo(target), signal: controller.signal });
      assert.equal(late.kind, 'interrupted');
      assert.equal(subject.received(), 1);
      await subject.quiet();
    });

    it(`${failuresInARow} failures in a row leave no connection behind`, async () => {
      const subject = await make();
      const silent = await subject.target('silent');
      const breaks = await subject.target('breaks');
      const messages = Array.from({ length: failuresInARow }, (_, index) =>
        messageTo(index % 2 === 0 ? silent : breaks),
      );
      await Promise.all(
        messages.map((message) => subject.transport.send({ ...message, timeoutMs: 200, connectionsMax: 25 })),
      );
      await subject.quiet();
      assert.equal(subject.transport.stats().requestsInFlight, 0);
      assert.equal(subject.transport.stats().connectionsOpen, 0);
    });

    it('a forgotten target keeps no idle connection', async () => {
      const subject = await make();
      const target = await subject.target('accepts');
      await subject.transport.send(messageTo(target));
      subject.transport.forget(target);
      await subject.quiet();
      assert.equal((await subject.transport.send(messageTo(target))).kind, 'response');
    });

    it('stop ends everything, and start and stop are harmless at any time', async () => {
      const subject = await make();
      await subject.transport.start();
      const silent = await subject.target('silent');
      const sending = subject.transport.send(messageTo(silent));
      await subject.receivedAtLeast(1);
      await subject.transport.stop();
      assert.equal((await sending).kind, 'interrupted');
      assert.equal(subject.transport.stats().connectionsOpen, 0);
      await subject.transport.stop();
      assert.equal((await subject.transport.send(messageTo(silent))).kind, 'interrupted');
      const never = await createSubject();
      await never.transport.stop();
      await never.close();
    });
  });
}

/** A message that any transport can send. */
export function messageTo(target: string, fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    workspaceId: 'default',
    webhookId: 'wh_00000000000000000000000001',
    target,
    method: 'POST',
    headers: [
      ['content-type', 'application/json'],
      ['user-agent', 'Assetwire/0'],
    ],
    body: Buffer.from('{"hello":"world"}'),
    timeoutMs: 10_000,
    connectionsMax: 8,
    ...fields,
  };
}
