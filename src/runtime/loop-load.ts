/** How busy the calling thread's event loop is: what can wait goes by it, so that what cannot goes first. */
import { performance } from 'node:perf_hooks';

/** Between two answers: a shorter window tells more of one callback than of the load. */
const windowMsMin = 10;

/** Tells the share of the time since it last looked in which the loop was busy, from 0 to 1. */
export type LoopLoad = () => number;

export function createLoopLoad(): LoopLoad {
  let before = performance.eventLoopUtilization();
  let load = 0;
  return () => {
    const since = performance.eventLoopUtilization(before);
    if (since.idle + since.active < windowMsMin) return load;
    before = performance.eventLoopUtilization();
    load = since.utilization;
    return load;
  };
}
