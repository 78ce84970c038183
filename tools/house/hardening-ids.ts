import { catalogueProblems, collectTests, readCatalogue } from '../hardening/collect.ts';
import { notOfferedProblems } from '../hardening/not-offered.ts';

/** Test names that begin with an id name a row of the catalogue that exists; what is called not offered is not offered. */
export async function checkHardeningIds(root: string): Promise<readonly string[]> {
  const catalogue = readCatalogue(root);
  const tests = collectTests(root);
  return [...catalogueProblems(catalogue, tests), ...notOfferedProblems(root, catalogue, tests)];
}
