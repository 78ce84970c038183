/** What is asked of us in Bynder's and in SNS's own words. */
import type { VendorAnswer, VendorError, VendorRequest, VendorRoute } from '../dialect.ts';
import { configurationRoutes, presentError as presentConfigurationError } from './manage-configurations.ts';

export const manage: readonly VendorRoute[] = [...configurationRoutes];

/** SNS's errors are XML, Bynder's are JSON. */
export function presentError(error: VendorError, _request: VendorRequest): VendorAnswer {
  return presentConfigurationError(error);
}
