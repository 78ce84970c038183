/** Where a thread's code lies: beside this file, as TypeScript in development and as JavaScript when built. */
export function threadEntry(name: 'writer-thread' | 'reader-thread' | 'search-thread'): URL {
  return new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
}
