/** What answers are made of. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export type JsonObject = { readonly [key: string]: Json };

export type Page<T> = { readonly data: readonly T[]; readonly nextCursor: string | null };
