/**
 * Loaded before a program (`node --import`): its wall clock is ahead by `CLOCK_AHEAD_MS`, in every thread and in every Node
 * process that inherits the environment. What JavaScript asks for is shifted; OpenSSL, the file system and databases go on
 * with the machine's own clock.
 */
const aheadMs = Number(process.env.CLOCK_AHEAD_MS ?? 0);
const realNow = Date.now.bind(Date);

Date.now = () => realNow() + aheadMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [target.now()] : given, newTarget),
  apply: (target) => new Date(target.now()).toString(),
});
