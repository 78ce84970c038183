import assert from 'node:assert/strict';

/**
 * How long a test waits for what comes by itself before it says that it does not come. Far more than anything takes: a machine
 * that is slow, shared or stands still for some seconds is no fault of ours, and waiting costs nothing where it comes soon.
 */
export const patienceMs = 60_000;

/** Waits for what comes by itself, looking again every 5 ms; fails where it does not come. Answers how long it took, in milliseconds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = patienceMs,
): Promise<number> {
  const fromMs = performance.now();
  while (!(await holds())) {
    assert.ok(performance.now() - fromMs < withinMs, `Within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now() - fromMs;
}

/** Asks again every 20 ms until the condition holds, and answers with what was answered then; fails where it never does. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  condition: (value: T) => boolean,
  what: string,
): Promise<T> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const value = await ask();
    if (condition(value)) return value;
    if (performance.now() > endMs)
      throw new Error(`Within ${patienceMs} ms: ${what}; last ${JSON.stringify(value)?.slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * The least that `measure` answers, in milliseconds, of so many tries; no more are made once one took at most `enoughMs`. For what
 * must be quick: a machine that stands still makes some tries slow, a fault makes all of them slow.
 */
export async function quickest(measure: () => Promise<number>, enoughMs: number, tries = 8): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let n = 0; n < tries && leastMs > enoughMs; n += 1) leastMs = Math.min(leastMs, await measure());
  return leastMs;
}

/**
 * For what is to happen at a moment: `attempt` gets one that lies so far ahead and does what must be done before it. Where that
 * failed and the moment had come meanwhile, which says nothing but that the machine was slow, it is done again with one twice as far.
 */
export async function ahead<T>(leadMs: number, attempt: (atMs: number) => Promise<T>): Promise<T> {
  const atMs = Date.now() + leadMs;
  try {
    return await attempt(atMs);
  } catch (error) {
    if (Date.now() < atMs || leadMs > patienceMs) throw error;
    return ahead(2 * leadMs, attempt);
  }
}
