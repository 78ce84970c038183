/** The everyday filters of a list of assets; what they mean is said in search-expression.ts. */
import type { AssetKind, Unavailability } from './asset.ts';

/** Every part that is given must hold. Folders are in their one spelling: see folder-path.ts. */
export type AssetFilter = {
  readonly kind?: AssetKind;
  /** This folder and those below it; only itself where `exact`. */
  readonly folder?: string;
  readonly exact?: boolean;
  readonly tag?: string;
  readonly label?: string;
  readonly collection?: string;
  readonly archived?: boolean;
  /** Somebody holds it, or nobody does. */
  readonly checkedOut?: boolean;
  readonly availability?: 'available' | Unavailability;
  /** Part of the name, whatever its case. */
  readonly nameContains?: string;
};
