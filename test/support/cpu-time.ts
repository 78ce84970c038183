/**
 * What work costs in CPU time of this thread. Wall time would blame the code for whatever else the machine does; what was given
 * to others while it ran is hardly in this one. Bounds on it are wide all the same, ten times what a quiet machine takes and
 * more: a guest whose host takes the processor away may be charged for that.
 */
export function cpuMsOf(work: () => void): number {
  const began = process.threadCpuUsage();
  work();
  return cpuMsSince(began);
}

/** CPU milliseconds of this thread since `process.threadCpuUsage()` gave `began`: for work with waits between. */
export function cpuMsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / 1_000;
}
