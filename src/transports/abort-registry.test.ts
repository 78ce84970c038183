import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAbortRegistry } from './abort-registry.ts';

it('an abort interrupts what hangs on its signal, and nothing that was taken off', () => {
  const registry = createAbortRegistry();
  const interrupted: string[] = [];
  const hang = (name: string) => ({ interrupt: () => void interrupted.push(name) });
  const [one, two, three] = [hang('one'), hang('two'), hang('three')];
  const controller = new AbortController();
  registry.add(controller.signal, one);
  registry.add(controller.signal, two);
  registry.add(new AbortController().signal, three);
  registry.remove(controller.signal, two);
  controller.abort();
  assert.deepEqual(interrupted, ['one']);
});

it('one that is interrupted may take itself and others off', () => {
  const registry = createAbortRegistry();
  const controller = new AbortController();
  let count = 0;
  const members = Array.from({ length: 5 }, () => ({
    interrupt: () => {
      count++;
      for (const member of members) registry.remove(controller.signal, member);
    },
  }));
  for (const member of members) registry.add(controller.signal, member);
  controller.abort();
  assert.equal(count, 5);
});
