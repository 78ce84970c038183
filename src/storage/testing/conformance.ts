/**
 * The storage contract as tests. An implementation passes by calling `storageConformance` with a way to open a fresh
 * store; nothing in the suite knows which one it is.
 */
import { describe } from 'node:test';
import type { Clock } from '../../runtime/clock.ts';
import type { GroupCommitLimits } from '../group-commit.ts';
import type { Storage } from '../storage.ts';
import { assetListTests } from './conformance-assets.ts';
import { commitTests } from './conformance-commit.ts';
import { dutyTests } from './conformance-duties.ts';
import { laneTests } from './conformance-lanes.ts';
import { eraseHistoryTests } from './conformance-erase-history.ts';
import { eraseTests } from './conformance-erase.ts';
import { filterTests } from './conformance-filters.ts';
import { lifecycleTests } from './conformance-lifecycle.ts';
import { deliveryListTests } from './conformance-deliveries.ts';
import { readTests } from './conformance-reads.ts';
import { recordTests } from './conformance-record.ts';
import { resourceTests } from './conformance-resources.ts';
import { retentionTests } from './conformance-retention.ts';
import { searchTests } from './conformance-search.ts';
import { spaceTests } from './conformance-space.ts';
import { statsTests } from './conformance-stats.ts';
import { tenancyTests } from './conformance-tenancy.ts';

export type StoreOptions = {
  readonly keepMs?: number;
  readonly partitionRowsMax?: number;
  readonly limits?: Partial<GroupCommitLimits>;
};

export type StoreFactory = {
  readonly name: string;
  /** A fresh, started store. */
  open(clock: Clock, options?: StoreOptions): Promise<OpenedStore>;
};

export type OpenedStore = {
  readonly storage: Storage;
  /** Stops it and starts another one over the same data; null where data does not outlive the store. */
  readonly reopen: (() => Promise<Storage>) | null;
  /** Stops it and removes its data. */
  close(): Promise<void>;
};

export function storageConformance(factory: StoreFactory): void {
  describe(`storage contract: ${factory.name}`, () => {
    lifecycleTests(factory);
    commitTests(factory);
    resourceTests(factory);
    recordTests(factory);
    laneTests(factory);
    dutyTests(factory);
    readTests(factory);
    assetListTests(factory);
    searchTests(factory);
    deliveryListTests(factory);
    retentionTests(factory);
    statsTests(factory);
    spaceTests(factory);
    filterTests(factory);
    eraseTests(factory);
    eraseHistoryTests(factory);
    tenancyTests(factory);
  });
}
