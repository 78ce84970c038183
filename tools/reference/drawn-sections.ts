import { apiSections } from './api.ts';
import { commandLineSections } from './command-line.ts';
import { configurationSections } from './configuration.ts';
import { eventSections } from './events.ts';
import { hardeningSections } from './hardening.ts';
import { metricSections } from './metrics.ts';
import { sampleSections } from './samples.ts';
import type { DrawnSection } from './sections.ts';

/** Every drawn section of every page. */
export const drawnSections: readonly DrawnSection[] = [
  ...apiSections,
  ...commandLineSections,
  ...configurationSections,
  ...eventSections,
  ...metricSections,
  ...hardeningSections,
  ...sampleSections,
];
