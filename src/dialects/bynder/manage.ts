/** What is asked of us in Bynder's and in SNS's own words. */
import type { VendorRoute } from '../contract/vendor-route.ts';
import { configurationRoutes } from './manage-configurations.ts';
import { mediaRoutes } from './manage-media.ts';
import { snsRoutes } from './manage-sns.ts';

export { presentError } from './manage-errors.ts';

export const manage: readonly VendorRoute[] = [...configurationRoutes, ...mediaRoutes, ...snsRoutes];
