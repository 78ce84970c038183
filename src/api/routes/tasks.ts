import type { Route } from '../route.ts';
import { ok, route } from '../route.ts';
import { byId, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { taskListQuery, taskSchema } from '../schemas/folder.ts';

const area = 'tasks';

const listTasks = route({
  method: 'GET',
  path: '/v1/tasks',
  operation: 'listTasks',
  area,
  summary: 'List tasks, newest first',
  description: 'Those that are done stay for seven days.',
  scope: 'assets:read',
  grantable: true,
  query: taskListQuery,
  answers: { 200: { description: 'A page of tasks', schema: pageOf(taskSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.tasks.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getTask = route({
  method: 'GET',
  path: '/v1/tasks/{id}',
  operation: 'getTask',
  area,
  summary: 'Show how far a task is',
  scope: 'assets:read',
  grantable: true,
  params: byId('task'),
  answers: { 200: { description: 'The task', schema: taskSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.tasks.get(caller, params.id));
  },
});

export const taskRoutes: readonly Route[] = [listTasks, getTask];
