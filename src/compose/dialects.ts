/** The only file that names vendors, outside of the folders of their dialects. */
import type { VendorApi } from '../api/vendor-routes.ts';
import { bambuserDialect } from '../dialects/bambuser/index.ts';
import { brandfolderDialect } from '../dialects/brandfolder/index.ts';
import { bynderDialect } from '../dialects/bynder/index.ts';
import { cloudeventsDialect } from '../dialects/cloudevents/index.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { scaleflexDialect } from '../dialects/scaleflex/index.ts';
import { standardDialect } from '../dialects/standard/index.ts';
import { woodwingDialect } from '../dialects/woodwing/index.ts';

/** Every dialect this server speaks: a line here and a folder, nothing else. */
export const dialects: readonly Dialect[] = [
  standardDialect,
  cloudeventsDialect,
  woodwingDialect,
  bynderDialect,
  scaleflexDialect,
  brandfolderDialect,
  bambuserDialect,
];

/** What `ASSETWIRE_SNS_URL` stands for. */
export const snsPlace = { dialect: 'bynder', path: '/sns' } as const;

/** The dialects that have an API of their own. */
export function vendorApis(): readonly VendorApi[] {
  return dialects.flatMap(({ manifest, manage, presentError }) =>
    manage === undefined
      ? []
      : [{ dialect: manifest.id, routes: manage, ...(presentError === undefined ? {} : { presentError }) }],
  );
}
