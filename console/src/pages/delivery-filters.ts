/** What a list of deliveries may be asked for, as it stands in the address: times in milliseconds, `since` back from now. */
export const deliveryFilterNames = [
  'states',
  'webhookId',
  'dialect',
  'event',
  'status',
  'outcomes',
  'subject',
  'changeId',
  'since',
  'from',
  'to',
] as const;

export type DeliveryFilters = { readonly [name in (typeof deliveryFilterNames)[number]]: string };

export const noDeliveryFilters = Object.fromEntries(deliveryFilterNames.map((name) => [name, ''])) as DeliveryFilters;

type Span = { readonly fromMs?: number; readonly toMs?: number };

/** The time asked for; what is no number asks for nothing. */
export function spanOf({ since, from, to }: Pick<DeliveryFilters, 'since' | 'from' | 'to'>, nowMs: number): Span {
  const moment = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);
  const back = moment(since);
  const fromMs = back === undefined ? moment(from) : Math.max(0, nowMs - back);
  const toMs = moment(to);
  return { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
}

/** The filters as the API takes them. */
export function queryOf({ since, from, to, ...filters }: DeliveryFilters, nowMs: number) {
  return { ...filters, ...spanOf({ since, from, to }, nowMs) };
}

/** The filters as an export takes them; `changeId` is none of its. */
export function exportedOf(filters: DeliveryFilters, nowMs: number) {
  const { states, outcomes, status, changeId: _, ...rest } = queryOf(filters, nowMs);
  return {
    of: 'deliveries' as const,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== '')),
    ...(states === '' ? {} : { states: states.split(',') }),
    ...(outcomes === '' ? {} : { outcomes: outcomes.split(',') }),
    ...(status === '' ? {} : { status: Number(status) }),
  };
}
