import { changeKinds } from '../../core/change.ts';
import { limits } from '../../core/limits.ts';
import type { DryRunQuery } from '../../app/dry-run.ts';
import { ok, type Route, route } from '../route.ts';
import { array, integer, object, oneOf, optional } from '../schema.ts';
import { byId, cursor, id, jsonObject, limit, line, timeMs } from '../schemas/basics.ts';
import { dryRunSchema } from '../schemas/dry-run.ts';
import { webhookFields, webhookInputSchema } from '../schemas/webhook.ts';
import { webhookInputErrors } from './webhooks.ts';

const area = 'webhooks';

const description =
  'Looks at past changes, newest first, and answers which would have been told, which not and why, and the exact message ' +
  'of some. Nothing is sent or stored. Secrets and signatures are masked; a signature inside a body is zeros. ' +
  `One page looks at up to ${limits.dryRunChangesMax} changes: \`nextCursor\` goes on behind them. ` +
  'Because messages show assets, `assets:read` is needed too.';

const queryFields = {
  fromMs: optional(timeMs('Accepted at or after this time')),
  toMs: optional(timeMs('Accepted before this time')),
  kinds: optional(array(oneOf(changeKinds), { minItems: 1, maxItems: changeKinds.length })),
  subject: optional(line(400, 'type:id of the subject')),
  changeIds: optional(array(id('change'), { minItems: 1, maxItems: 20, description: 'These changes alone' })),
  keep: optional(
    oneOf(['all', 'matched', 'unmatched'], { description: 'Which of them are answered; all where absent' }),
  ),
  limit: optional(limit),
  cursor: optional(cursor),
  render: optional(
    integer({
      minimum: 0,
      maximum: limits.dryRunRenderedMax,
      description: 'How many of the matching changes of this page are rendered; 1 where absent',
    }),
  ),
};

const answers = { 200: { description: 'What would have happened', schema: dryRunSchema } };

type Asked = { readonly [Key in keyof DryRunQuery]?: DryRunQuery[Key] };

function queryOf({ limit: asked = limits.dryRunResultsDefault, ...rest }: Asked): DryRunQuery {
  return { ...rest, limit: asked };
}

const dryRunWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/dry-run',
  operation: 'dryRunWebhook',
  area,
  summary: 'Try a webhook, as it is or changed, against past changes',
  description,
  scope: 'webhooks:read',
  params: byId('webhook'),
  body: object({
    ...queryFields,
    changes: optional(
      object(
        {
          events: webhookFields.events,
          filter: webhookFields.filter,
          projection: webhookFields.projection,
          settings: optional(jsonObject),
        },
        { description: 'What of the webhook is replaced for this run; nothing is saved' },
      ),
    ),
  }),
  bodyOptional: true,
  answers,
  errors: ['invalid_event', 'invalid_filter', 'invalid_settings', 'invalid_cursor'],
  async handle({ caller, params, body }, { app }) {
    const { changes, ...query } = body;
    const replaced = changes === undefined ? {} : { changes };
    return ok(await app.dryRuns.saved(caller, params.id, { ...queryOf(query), ...replaced }));
  },
});

const dryRunUnsaved = route({
  method: 'POST',
  path: '/v1/webhooks/dry-run',
  operation: 'dryRunUnsavedWebhook',
  area,
  summary: 'Try a webhook that is not saved against past changes',
  description,
  scope: 'webhooks:read',
  body: object({ ...queryFields, webhook: webhookInputSchema }),
  answers,
  errors: [...webhookInputErrors, 'invalid_cursor'],
  async handle({ caller, body }, { app }) {
    const { webhook, ...query } = body;
    return ok(await app.dryRuns.unsaved(caller, webhook, queryOf(query)));
  },
});

export const dryRunRoutes: readonly Route[] = [dryRunWebhook, dryRunUnsaved];
