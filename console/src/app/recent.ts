/** Where one has been in this tab, newest first: kept nowhere else, so that a shared browser tells nobody. */
export type Visit = { readonly href: string; readonly label: string };

const keptMax = 12;
let visits: readonly Visit[] = [];

export function visited(href: string, label: string): void {
  if (label === '') return;
  visits = [{ href, label }, ...visits.filter((visit) => visit.href !== href)].slice(0, keptMax);
}

export const recentVisits = (): readonly Visit[] => visits;
