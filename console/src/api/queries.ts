/** Questions to the server that several pages ask, each under one name, so that what one page changes the others show. */
import {
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useMemo } from 'react';
import { tellProblem } from '../parts/toast.tsx';
import { ask, type Method, Problem, type Query } from './ask.ts';
import type { Manifest } from './manifest.ts';
import type { Page } from './json.ts';
import type { Caller } from './people.ts';
import type { Webhook } from './webhooks.ts';

/**
 * One thing or one page of things; `key` begins with the path so that a change can call it stale. `steady`: what was asked for
 * before stays in sight until the answer is here, as a chart does whose window moves on. `lingering`: asked only once one has
 * stayed for a moment: rows that fly by ask nothing.
 */
export function useAsk<T>(
  path: string | null,
  query: Query = {},
  options: { readonly everyMs?: number; readonly steady?: boolean; readonly lingering?: boolean } = {},
) {
  return useQuery({
    queryKey: [path, query],
    queryFn: async ({ signal }) => {
      if (options.lingering === true) await lingered(signal);
      return ask<T>('GET', path ?? '', { query, signal });
    },
    enabled: path !== null,
    ...(options.steady === true ? { placeholderData: keepPreviousData } : {}),
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
  });
}

const lingerMs = 120;

/** A moment; ends with an error where nobody looks any more. */
function lingered(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(resolve, lingerMs);
    signal.addEventListener('abort', () => {
      window.clearTimeout(timer);
      reject(new DOMException('Nobody looks any more', 'AbortError'));
    });
  });
}

/** A list that goes on as one scrolls; `steady` as with `useAsk`. */
export function useList<T>(
  path: string,
  query: Query = {},
  options: { readonly everyMs?: number; readonly steady?: boolean } = {},
) {
  const result = useInfiniteQuery({
    queryKey: [path, 'list', query],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      ask<Page<T>>('GET', path, { query: { limit: 50, ...query, cursor: pageParam }, signal }),
    getNextPageParam: (page: Page<T>) => page.nextCursor ?? undefined,
    ...(options.steady === true ? { placeholderData: keepPreviousData } : {}),
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
  });
  const items = useMemo(() => result.data?.pages.flatMap(({ data }) => data), [result.data]);
  return { ...result, items, first: result.data?.pages[0] };
}

/** Every item of a list that is short by nature (dialects, keys, fields): its first pages, 1,000 at most. */
export function useAll<T>(path: string | null, query: Query = {}, options: { readonly everyMs?: number } = {}) {
  return useQuery({
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
    queryKey: [path, 'all', query],
    enabled: path !== null,
    queryFn: async ({ signal }) => {
      const items: T[] = [];
      let cursor = '';
      for (let page = 0; page < 10; page++) {
        const answer = await ask<Page<T>>('GET', path ?? '', { query: { limit: 100, ...query, cursor }, signal });
        items.push(...answer.data);
        if (answer.nextCursor === null) break;
        cursor = answer.nextCursor;
      }
      return items;
    },
  });
}

/** A change to send. */
type Sent = {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly query?: Query;
  readonly ifMatch?: string;
};

/**
 * Sends a change and calls what it concerns stale: everything asked for below these paths. What the server refuses is told,
 * unless the form shows it by itself (`quiet`). Where somebody else was faster, what they made of it is asked for.
 */
export function useChange<T = unknown>(
  stale: readonly string[],
  { quiet = false, onDone }: { readonly quiet?: boolean; readonly onDone?: (answer: T) => void } = {},
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ method, path, ...options }: Sent) => ask<T>(method, path, options),
    onSuccess: async (answer) => {
      onDone?.(answer);
      await Promise.all(stale.map((path) => refresh(client, path)));
    },
    onError: (error) => {
      if (!quiet) tellProblem(error);
      if (isOutdated(error)) for (const path of stale) void refresh(client, path);
    },
  });
}

/** Whether a change was refused because what it was decided on is not so any more. */
export function isOutdated(error: unknown): boolean {
  return error instanceof Problem && (error.status === 412 || error.code === 'conflict');
}

/** Asks anew for what is shown of this path and below it. */
export function refresh(client: QueryClient, path: string): Promise<void> {
  return client.invalidateQueries({
    predicate: ({ queryKey: [first] }) => typeof first === 'string' && (first === path || first.startsWith(`${path}/`)),
  });
}

export const useCaller = () => useAsk<Caller>('/v1/sessions/current');
/** Nothing for whoever may not see webhooks: a page that only names them does without. */
export const useDialects = () => useAll<Manifest>(useMay('webhooks:read') ? '/v1/dialects' : null);
/** As `useDialects`. `live`: states and what waits are kept up to date, where they are what one looks at. */
export const useWebhooks = (live?: 'live') =>
  useAll<Webhook>(useMay('webhooks:read') ? '/v1/webhooks' : null, {}, live === undefined ? {} : { everyMs: 15_000 });

/** What the caller may do: pages show what they cannot do as something to read only. */
export function useMay(scope: string): boolean {
  const { data } = useCaller();
  return data !== undefined && (data.admin || data.scopes.includes(scope));
}

export function useIsAdmin(): boolean {
  return useCaller().data?.admin === true;
}
