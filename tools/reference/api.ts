/** The API's reference pages, drawn from the routes and the schemas that serve it. */
import { areaOf, sortedAreas } from '../../src/api/areas.ts';
import type { Route } from '../../src/api/route.ts';
import { allRoutes } from '../../src/api/testing/test-server.ts';
import { drawOperation } from './api-operation.ts';
import { drawTypes } from './api-types.ts';
import type { DrawnSection } from './sections.ts';
import { table } from './sections.ts';

const overview = 'docs/reference/api.md';
const details = 'docs/reference/api-operations.md';

/** Areas with their routes, in the order in which they are read. */
function routesByArea(): readonly (readonly [area: string, routes: readonly Route[]])[] {
  const routes = allRoutes();
  return sortedAreas(routes.map(({ area }) => area)).map((area) => [
    area,
    routes.filter((route) => route.area === area),
  ]);
}

/** Every route by area, each with the way to its details. */
async function drawRoutes(): Promise<string> {
  return routesByArea()
    .map(([area, routes]) => {
      const { title, description } = areaOf(area);
      const rows = routes.map(({ method, path, scope, summary, idempotent }) => [
        `\`${method} ${path}\``,
        scope === 'open' ? 'none' : scope,
        `[${summary}](api-operations.md#${anchorOf(summary)})${idempotent === true ? ' †' : ''}`,
      ]);
      return `### ${title}\n\n${description}\n\n${table(['route', 'needs', 'what it does'], rows)}`;
    })
    .join('\n\n');
}

/** Every route with its parameters, examples and errors. */
async function drawOperations(): Promise<string> {
  return routesByArea()
    .map(([area, routes]) => {
      const { title, description } = areaOf(area);
      return [`## ${title}`, description, ...routes.map(drawOperation)].join('\n\n');
    })
    .join('\n\n');
}

/** What code hosts and `/docs` make of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

export const apiSections: readonly DrawnSection[] = [
  { page: overview, name: 'routes', draw: drawRoutes },
  { page: details, name: 'operations', draw: drawOperations },
  { page: details, name: 'types', draw: async () => drawTypes(allRoutes()) },
];
