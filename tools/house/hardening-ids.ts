import { catalogueProblems, collectTests, readCatalogue } from '../hardening/collect.ts';

/** Test names that begin with an id name a row of the catalogue that exists. */
export async function checkHardeningIds(root: string): Promise<readonly string[]> {
  return catalogueProblems(readCatalogue(root), collectTests(root));
}
