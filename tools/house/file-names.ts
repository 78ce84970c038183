import { repositoryFiles } from './repository-files.ts';

/** A file is named after the thing it exports; these names say nothing. */
const emptyNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'interfaces', 'models', 'misc']);

export async function checkFileNames(root: string): Promise<readonly string[]> {
  return repositoryFiles(root).flatMap((file) => nameProblems(file));
}

/** What is wrong with the name of one file. */
export function nameProblems(file: string): readonly string[] {
  if (!/^(src|tools|bench|test|packages)\//.test(file)) return [];
  const parts = file.replace(/(\.test)?\.(ts|js|cjs|json|md)$/, '').split('/');
  const problems: string[] = [];
  for (const part of parts) if (emptyNames.has(part)) problems.push(`${file}: "${part}" says nothing of what is in it`);
  if (/\.ts$/.test(file) && !/^[a-z0-9]+([.-][a-z0-9]+)*\.ts$/.test(file.split('/').at(-1) ?? '')) {
    problems.push(`${file}: file names are kebab-case`);
  }
  return problems;
}
