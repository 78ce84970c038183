import { join } from 'node:path';
import type { AppParts } from '../app/create-app.ts';
import { createPropertiesFile, type PropertiesFile } from '../app/properties-file.ts';
import type { Clock } from '../runtime/clock.ts';
import { dialects } from './dialects.ts';
import type { ComposeOptions } from './server-options.ts';

/** The file that a vendor's server is set up with, for each dialect that has properties. */
export function propertiesFilesOf(
  { settings, logger }: ComposeOptions,
  clock: Clock,
  { properties }: AppParts,
): readonly PropertiesFile[] {
  const path = settings.clusterProperties ?? join(settings.dataDir, 'cluster-properties.txt');
  return dialects.flatMap(({ manifest }) =>
    manifest.properties === undefined
      ? []
      : [createPropertiesFile({ path, dialect: manifest.id, known: manifest.properties, properties, clock, logger })],
  );
}
