/** Which version runs, as the package says it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `unknown` where the package does not say. */
export function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}

/** How we name ourselves to receivers. */
export function userAgentOf(version: string): string {
  return `Assetwire/${version}`;
}
