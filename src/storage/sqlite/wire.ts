/** How batches cross to the writer's thread. */
import type { ItemResult } from './book.ts';
import type { Prepared } from './prepared.ts';

export type WireBatch = readonly Prepared[];
export type WireResults = readonly ItemResult[];

export function encodeBatch(items: readonly Prepared[]): WireBatch {
  return items;
}

export function decodeBatch(batch: WireBatch): readonly Prepared[] {
  return batch;
}

export function encodeResults(results: readonly ItemResult[]): WireResults {
  return results;
}

export function decodeResults(results: WireResults): readonly ItemResult[] {
  return results;
}
