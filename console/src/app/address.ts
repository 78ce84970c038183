import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/** Filters that live in the address, so that a link shows what its sender saw. An empty value is absent. */
export function useFilters<Name extends string>(
  names: readonly Name[],
): readonly [{ readonly [name in Name]: string }, (patch: { readonly [name in Name]?: string }) => void] {
  const [search, setSearch] = useSearchParams();
  const filters = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ''])) as { [name in Name]: string };
  const set = useCallback(
    (patch: { readonly [name in Name]?: string }) => {
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries<string | undefined>(patch)) {
            if (value === undefined || value === '') next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: true },
      );
    },
    [setSearch],
  );
  return [filters, set];
}
