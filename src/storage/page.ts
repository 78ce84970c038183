import { limits } from '../core/limits.ts';

/** Texts of one page together; a page of large changes ends early and goes on behind its cursor. */
export const pageBytesMax = 4 * 1024 * 1024;

/** A page's size within its bounds, whatever was asked for. */
export function pageLimit(asked: number): number {
  return Math.min(Math.max(1, Math.floor(asked)), limits.pageItemsMax);
}
