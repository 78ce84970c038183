import { configurationSections } from './configuration.ts';
import { hardeningSections } from './hardening.ts';
import type { DrawnSection } from './sections.ts';

/** Every drawn section of every page. */
export const drawnSections: readonly DrawnSection[] = [...configurationSections, ...hardeningSections];
