/** Ways to break what the invariants stand for. Each is the smallest edit that a careless change could make. */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Shows only among several workers. */
  readonly cluster?: true;
};

export const mutants: readonly Mutant[] = [
  {
    name: 'a ring wakes at once whom it takes',
    file: 'src/engine/alarm.ts',
    find: 'due.push(entry.lane);',
    replace: 'wake(entry.lane);',
  },
  {
    name: 'who stood aside for others never comes back',
    file: 'src/engine/rota.ts',
    find: 'aside.splice(0)',
    replace: 'aside.splice(0, 0)',
  },
  {
    name: 'those who stand aside are looked at once and never again',
    file: 'src/engine/attempt-runner.ts',
    find: 'admission = null;\n      rota.admitAll();',
    replace: 'rota.admitAll();',
  },
  {
    name: 'fencing by attempt number dropped',
    file: 'src/storage/sqlite/apply-record.ts',
    find: "if (numberOf(row[2]) !== item.attemptsBefore) return 'fenced';",
    replace: '',
  },
  {
    name: 'a retry is recorded as delivered',
    file: 'src/engine/attempt-verdict.ts',
    find: "return { state: 'pending', dueAtMs: Math.ceil(verdict.atMs) };",
    replace: "return { state: 'delivered', endedAtMs };",
  },
  {
    name: 'a retry is recorded as cancelled',
    file: 'src/engine/attempt-verdict.ts',
    find: "return { state: 'pending', dueAtMs: Math.ceil(verdict.atMs) };",
    replace: "return { state: 'cancelled', endedAtMs };",
  },
  {
    name: 'attempts cut off by a crash are not recorded',
    file: 'src/engine/create-engine.ts',
    find: 'if (record === null) {',
    replace: 'if (true) {',
  },
  {
    name: 'the flight log is not written',
    file: 'src/engine/attempt-departure.ts',
    find: 'parts.flights.begin(going.map(flightOf));',
    replace: '',
  },
  {
    name: 'the flight is struck off before its result is stored',
    file: 'src/engine/attempt-landing.ts',
    find: 'run.item = recordOf(run, outcome, { verdict, nowMs: clock.nowMs() });',
    replace:
      'run.item = recordOf(run, outcome, { verdict, nowMs: clock.nowMs() });\n    parts.flights.end(task.delivery.id, true);',
  },
  {
    name: 'pages read before a recovery are believed',
    file: 'src/engine/create-engine.ts',
    find: 'lane?.shelf.giveBack();',
    replace: '',
  },
  {
    name: 'pages may bring back what has just left the hand',
    file: 'src/engine/free-shelf.ts',
    find: 'if (inHand.has(id) || left.has(id)) continue;',
    replace: 'if (inHand.has(id)) continue;',
  },
  {
    name: 'pages may bring back what is in hand',
    file: 'src/engine/free-shelf.ts',
    find: 'if (inHand.has(id) || left.has(id)) continue;',
    replace: 'if (left.has(id)) continue;',
  },
  {
    name: 'an offer is believed though the delivery was read, sent and ended before',
    file: 'src/engine/free-shelf.ts',
    find: 'if (inHand.has(id) || late.has(id)) return true;',
    replace: 'if (inHand.has(id)) return true;',
  },
  {
    name: 'a head that waits does not block its order',
    file: 'src/engine/ordered-shelf.ts',
    find: 'if (blocked.has(key)) return;',
    replace: '',
  },
  {
    name: 'the chain behind a failed head is kept and goes on',
    file: 'src/engine/ordered-shelf.ts',
    find: "if (result.kind === 'retry') retreat(task, result.dueAtMs);",
    replace:
      "if (result.kind === 'retry') { const key = release(task); storeHas(result.dueAtMs); if (chains.has(key)) readyKeys.push(key); }",
  },
  {
    name: 'an ordered lane trusts offers',
    file: 'src/engine/lane-keeper.ts',
    find: 'if (policy.order !== lane.order || lane.reshelving) reshelve(lane, policy.order);',
    replace: 'lane.order = policy.order;',
  },
  {
    name: 'a dead head does not stop the order that stops',
    file: 'src/engine/lane.ts',
    find: "if (lane.stopped !== null) return 'none';",
    replace: '',
  },
  {
    name: 'a disabled webhook is served',
    file: 'src/engine/lane.ts',
    find: "case 'disabled':\n      return 'none';",
    replace: "case 'disabled':\n      return 'all';",
  },
  {
    name: 'Retry-After does not slow the lane',
    file: 'src/engine/attempt-lessons.ts',
    find: 'if (pauseMs > 0) {',
    replace: 'if (pauseMs > 1e12) {',
  },
  {
    name: 'the window is not held to the policy',
    file: 'src/engine/lane-keeper.ts',
    find: 'lane.window.size = Math.min(lane.window.size, setup.policy.concurrencyMax);',
    replace: ';',
  },
  {
    name: 'the rate is not counted',
    file: 'src/engine/attempt-runner.ts',
    find: 'lane.requestRate?.spend(1, parts.turnNow().monotonicMs);',
    replace: '',
  },
  {
    name: 'results the store refused are dropped',
    file: 'src/engine/recorder.ts',
    find: 'queue = storeSaidSo ? [...batch, ...queue] : [...queue, ...batch];',
    replace: 'for (const entry of batch) parts.onRecorded(entry.context, "gone", false);',
  },
  {
    name: 'what is pending for a deleted webhook stays',
    file: 'src/engine/lane.ts',
    find: "if (lane.knowledge === 'gone') return lane.discarding ? nothing : discard;",
    replace: "if (lane.knowledge === 'gone') return nothing;",
  },
  {
    name: 'nobody looks for what no call told of',
    file: 'src/engine/safety-net.ts',
    find: 'shelf.storeHas(head.nextDueAtMs);\n      keeper.attend(lane);\n      return false;\n    }\n    // Its head',
    replace: 'return false;\n    }\n    // Its head',
  },
  {
    name: 'a later attempt renders other bytes',
    file: 'src/engine/prepare.ts',
    find: 'links: setup.links.at?.(change.acceptedAtMs) ?? setup.links,',
    replace:
      "links: setup.links, ...(delivery.attempts > 0 ? { change: { ...change, actor: { type: 'system' as const, id: 'x' } } } : {}),",
  },
  {
    name: 'the stored bytes of the first attempt are not used and another revision renders',
    file: 'src/engine/prepare.ts',
    find: 'return finish(input, parts, rendered, input.storedBody ?? (body as Uint8Array));',
    replace:
      'return finish(input, parts, rendered, Buffer.concat([body as Uint8Array, Buffer.alloc(input.task.delivery.attempts, 32)]));',
  },
  {
    name: 'the signature carries the time of the commit',
    file: 'src/engine/prepare.ts',
    find: 'attemptAtMs: input.attemptAtMs,',
    replace: 'attemptAtMs: input.task.delivery.createdAtMs,',
  },
  {
    name: 'ages follow the wall clock',
    file: 'src/engine/due-clock.ts',
    find: 'return Math.max(0, Math.min(steady, clock.nowMs()) - createdAtMs);',
    replace: 'return Math.max(0, clock.nowMs() - createdAtMs);',
  },
  {
    name: 'due times follow the wall clock',
    file: 'src/engine/due-clock.ts',
    find: 'return Math.floor(due);',
    replace: 'return clock.nowMs();',
  },
  {
    name: 'the old shelf is left while something of it is in flight',
    file: 'src/engine/lane-keeper.ts',
    find: 'if (lane.shelf.inHand > 0) {\n      lane.reshelving = true;\n      return;\n    }',
    replace: '',
  },
  {
    name: 'results under an old epoch are taken',
    file: 'src/storage/testing/memory-cluster.ts',
    find: 'epoch < (leases[shardOf(webhookId)]?.epoch ?? 0)',
    replace: 'epoch < 0',
    cluster: true,
  },
  {
    name: 'a lease is judged on the wall clock',
    file: 'src/engine/ownership-leases.ts',
    find: 'const untilMonotonicMs = (sentAtMs ?? 0) + timings.leaseMs;',
    replace:
      'const wallAtMs = clock.nowMs();\n    const until = { valueOf: () => clock.monotonicMs() + (wallAtMs + timings.leaseMs - clock.nowMs()) + 3_600_000 };\n    const untilMonotonicMs = until as unknown as number;',
    cluster: true,
  },
  {
    name: 'a shard is given up while something of it is in flight',
    file: 'src/engine/hand-over.ts',
    find: 'return lane.inFlight > 0 || lane.recording > 0;',
    replace: 'return false;',
    cluster: true,
  },
  {
    name: 'a lane that was lost goes on from memory',
    file: 'src/engine/lane-keeper.ts',
    find: 'parts.watch.forget(lane);\n      lane.shelf.giveBack();\n      // The object',
    replace: '// The object',
    cluster: true,
  },
  {
    name: 'nobody looks through shards that were taken over',
    file: 'src/engine/safety-net.ts',
    find: 'for (const { webhookId, workspaceId } of heads) keeper.attend(keeper.lane(webhookId, workspaceId));',
    replace: '',
    cluster: true,
  },
  {
    name: 'a stop that was stored for a death that never was holds for ever',
    file: 'src/engine/lane-keeper.ts',
    find: 'if (lane.stopped?.doubtful === true) await confirmStop(lane, lane.stopped);',
    replace: '',
    cluster: true,
  },
  {
    name: 'workers go by their own clocks',
    file: 'src/runtime/shared-clock.ts',
    find: 'base = { wallMs: databaseMs, monotonicMs };',
    replace: ';',
    cluster: true,
  },
];
