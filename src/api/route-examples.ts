/** What is sent to a route and what it answers, as an example: for the document, the reference and the mends of refusals. */
import { exampleOf } from './example.ts';
import { operationExamples } from './operation-examples.ts';
import type { Route, RouteAnswer } from './route.ts';

/** What a request of this route holds in an example; undefined where it has no body. */
export function requestExample(route: Route): unknown {
  const known = operationExamples[route.operation]?.request;
  if (route.upload !== undefined) {
    const example = exampleOf(route.upload.schema, 'telling');
    return known === undefined || !isObject(example) ? example : { ...example, asset: known };
  }
  if (route.body === undefined) return undefined;
  return known ?? exampleOf(route.body, 'telling');
}

/** What the route answers in an example. */
export function answerExample(route: Route, answer: RouteAnswer): unknown {
  if (answer.schema === undefined || answer.contentType !== undefined) return answer.example;
  if (answer.example !== undefined) return answer.example;
  const made = exampleOf(answer.schema, 'all');
  const known = operationExamples[route.operation]?.answer;
  return known === undefined || !isObject(made) ? made : { ...made, ...known };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
