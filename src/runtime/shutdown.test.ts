import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { Clock } from './clock.ts';
import { silentLogger } from './logger.ts';
import { crashExitCode, deadlineExitCode, installShutdown } from './shutdown.ts';

function stage(stop: () => Promise<void>) {
  const process = new EventEmitter();
  const exits: number[] = [];
  const timers: (() => void)[] = [];
  let nowMs = 0;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    timer: (_, fire) => {
      timers.push(fire);
      return { cancel: () => timers.splice(timers.indexOf(fire), 1) };
    },
  };
  const records: string[] = [];
  const logger = {
    ...silentLogger,
    fatal: (event: string) => void records.push(event),
    error: (event: string) => void records.push(event),
  };
  const uninstall = installShutdown({
    process,
    clock,
    logger,
    deadlineMs: 100,
    stop,
    exit: (code) => void exits.push(code),
  });
  return { process, exits, timers, records, uninstall, pass: (ms: number) => void (nowMs += ms) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a signal stops in order and ends with zero', async () => {
  let stops = 0;
  const { process, exits, timers } = stage(async () => {
    stops += 1;
  });
  process.emit('SIGTERM', 'SIGTERM');
  await settled();
  assert.deepEqual([stops, exits, timers.length], [1, [0], 0]);
});

test('the same wish passed on by terminal and launcher counts once; a later signal ends at once', async () => {
  const { process, exits, pass } = stage(() => new Promise(() => undefined));
  process.emit('SIGINT', 'SIGINT');
  process.emit('SIGINT', 'SIGINT');
  await settled();
  assert.deepEqual(exits, []);
  pass(600);
  process.emit('SIGINT', 'SIGINT');
  assert.deepEqual(exits, [130]);
});

test('a stop that does not end is ended by its deadline', async () => {
  const { process, exits, timers, records } = stage(() => new Promise(() => undefined));
  process.emit('SIGTERM', 'SIGTERM');
  timers[0]?.();
  assert.deepEqual([exits, records], [[deadlineExitCode], ['process.stop_deadline']]);
});

test('LG-04 what nobody caught is recorded and ends the process with a code of its own', async () => {
  const { process, exits, records, uninstall } = stage(async () => undefined);
  process.emit('uncaughtException', new Error('bug'));
  process.emit('unhandledRejection', 'no error at all');
  assert.deepEqual(exits, [crashExitCode, crashExitCode]);
  assert.deepEqual(records, ['process.uncaught_exception', 'process.unhandled_rejection']);
  uninstall();
  assert.equal(process.listenerCount('SIGTERM') + process.listenerCount('uncaughtException'), 0);
});

test('LG-04 a stop that fails is a crash', async () => {
  const { process, exits } = stage(() => Promise.reject(new Error('bug')));
  process.emit('SIGTERM', 'SIGTERM');
  await settled();
  assert.deepEqual(exits, [crashExitCode]);
});
