/** A webhook as people read it. */
import type { WebhookView } from '../../app/app.ts';
import type { JsonObject } from '../../core/json.ts';
import type { CliContext } from '../context.ts';
import { printFields, printJson, showTime } from '../output.ts';
import type { Column } from '../output.ts';
import { showSetup } from './show-setup.ts';

export const webhookColumns: readonly Column<WebhookView>[] = [
  { title: 'WEBHOOK', text: (webhook) => webhook.id },
  { title: 'NAME', text: (webhook) => webhook.name },
  { title: 'DIALECT', text: (webhook) => webhook.dialect },
  {
    title: 'STATE',
    text: (webhook) => webhook.state,
    paint: (text, { state }, colours) => (state === 'enabled' ? colours.green(text) : colours.yellow(text)),
  },
  { title: 'TARGET', text: ({ target }) => targetText(target) },
];

function targetText(target: WebhookView['target']): string {
  if (target.transport === 'http') return target.url;
  return target.transport === 'sqs' ? target.queue : target.address;
}

/** How its endpoint stands to it, where it is asked. */
function confirmationRow({ confirmation }: WebhookView): readonly (readonly [string, string])[] {
  if (confirmation === undefined) return [];
  const { state, expiresAtMs, confirmedAtMs } = confirmation;
  const when =
    expiresAtMs !== null
      ? `, link good until ${showTime(expiresAtMs)}`
      : state === 'confirmed' && confirmedAtMs !== null
        ? ` ${showTime(confirmedAtMs)}`
        : '';
  return [['confirmation', `${state}${when}`]];
}

/** Of a mailbox: how near it is to being told nothing any more. */
function refusedLine({ health }: WebhookView): readonly (readonly [string, string])[] {
  const { refusedInARow } = health;
  return typeof refusedInARow === 'number' ? [['refused', `${refusedInARow} in a row, for good`]] : [];
}

/** All that is set, and how it is; what is not set has no line. */
export function showWebhook(webhook: WebhookView, json: boolean | undefined, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, webhook);
  const asJson = (name: string, value: object | undefined): (readonly [string, string])[] =>
    value === undefined || Object.keys(value).length === 0 ? [] : [[name, JSON.stringify(value)]];
  const { state, stateReason, secrets, contacts, headers } = webhook;
  printFields(stdout, [
    ['webhook', webhook.id],
    ['name', webhook.name],
    ['dialect', webhook.dialect],
    ['target', targetText(webhook.target)],
    ...confirmationRow(webhook),
    ['events', webhook.events.join(', ')],
    ...asJson('filter', webhook.filter),
    ...asJson('projection', webhook.projection),
    ...asJson('settings', webhook.settings),
    ...asJson('policy', webhook.policy),
    ...headers.map(([name, value]) => ['header', `${name}: ${value}`] as const),
    ['credentials', credentialsText(webhook.credentials)],
    ...certificateRows(webhook),
    ...(contacts.length === 0 ? [] : ([['contacts', contacts.join(', ')]] as const)),
    ['state', stateReason === undefined ? state : `${state} (${stateReason})`],
    ['since', showTime(webhook.stateChangedAtMs)],
    ['missed', String(webhook.missed)],
    ...refusedLine(webhook),
    ['secrets', secrets.map(({ name, masked }) => `${name} ${masked}`).join(', ') || 'none'],
  ]);
  if (webhook.setup !== undefined && webhook.state === 'pending') showSetup(webhook.setup, { stdout });
}

function certificateRows({ tls }: WebhookView): readonly (readonly [string, string])[] {
  const rows = [['certificate', tls?.certificate] as const, ['authority', tls?.authority] as const];
  return rows.flatMap(([name, facts]) =>
    facts === undefined ? [] : [[name, `${facts.subject}, good until ${showTime(facts.expiresAtMs)}`] as const],
  );
}

/** The kind, then what it is for and where it comes from; secrets as they are shown, by their last characters. */
function credentialsText({ kind = 'none', ...rest }: JsonObject): string {
  const parts = Object.entries(rest).map(([field, value]) => `${field} ${typeof value === 'string' ? value : ''}`);
  return [typeof kind === 'string' ? kind : 'none', ...parts].join(', ');
}
