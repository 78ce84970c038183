/** Pages come when they are first looked at. Where the server is away just then, one waits for it instead of meeting a fault. */
const askAgainMs = 2_000;
/** Who fails again so soon after having been loaded anew is not helped by that. */
const youngMs = 10_000;

/**
 * The part of the console, as soon as it has come. A browser remembers that a part could not be fetched, and after an upgrade it
 * has another name: so the page is loaded anew, at the address one wanted to go to, once the server answers.
 */
export async function arriving<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const again = performance.getEntriesByType('navigation').some((entry) => Reflect.get(entry, 'type') === 'reload');
    if (again && performance.now() < youngMs) throw error;
    await answered();
    location.reload();
    return new Promise<T>(() => undefined);
  }
}

async function answered(): Promise<void> {
  for (;;) {
    const found = await fetch('/readyz', { cache: 'no-store' }).then(
      () => true,
      () => false,
    );
    if (found) return;
    await new Promise((resolve) => window.setTimeout(resolve, askAgainMs));
  }
}
