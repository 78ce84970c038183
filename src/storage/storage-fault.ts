/** How a store says within itself that it could not do what it was asked; callers get an `AssetwireError` made of it. */

/**
 * - `full`: the disk is full. Nothing of the transaction is stored; later ones are tried again.
 * - `failed`: reading, writing or syncing failed: nothing is written before a restart.
 * - `unavailable`: cannot be done just now.
 */
export type StorageFaultKind = 'full' | 'failed' | 'unavailable';

/** A transaction that could not be made durable; nothing of it is stored. */
export class StorageFault extends Error {
  readonly kind: StorageFaultKind;

  constructor(kind: StorageFaultKind, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'StorageFault';
    this.kind = kind;
  }
}
