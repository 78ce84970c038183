/** The list of our own checks. Each answers with what is wrong, in words, or with nothing. */
import { checkDependenciesPage } from './dependencies-page.ts';
import { checkDrawnPages } from './drawn-pages.ts';
import { checkFileNames } from './file-names.ts';
import { checkForeignWords } from './foreign-words.ts';
import { checkHardeningIds } from './hardening-ids.ts';
import { checkLinks } from './links.ts';
import { checkMentions } from './mentions.ts';
import { checkReadmeCommand } from './readme-command.ts';
import { checkShellBlocks } from './shell-blocks.ts';
import { checkSpelling } from './spelling.ts';
import { checkSupplyChain } from './supply-chain.ts';
import { checkErrorsPage, checkLimitsPage } from './reference-tables.ts';

export type HouseCheck = {
  readonly name: string;
  /** Looks at the repository below `root`. */
  readonly check: (root: string) => Promise<readonly string[]>;
};

export const houseChecks: readonly HouseCheck[] = [
  { name: 'file names', check: checkFileNames },
  { name: 'foreign words', check: checkForeignWords },
  { name: 'errors page', check: checkErrorsPage },
  { name: 'limits page', check: checkLimitsPage },
  { name: 'hardening ids', check: checkHardeningIds },
  { name: 'dependencies page', check: checkDependenciesPage },
  { name: 'supply chain', check: checkSupplyChain },
  { name: 'test command', check: checkReadmeCommand },
  { name: 'links', check: checkLinks },
  { name: 'shell blocks', check: checkShellBlocks },
  { name: 'spelling', check: checkSpelling },
  { name: 'mentions', check: checkMentions },
  { name: 'drawn pages', check: checkDrawnPages },
];
