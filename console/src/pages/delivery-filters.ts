/** What a list of deliveries may be asked for, as it stands in the address. */
export const deliveryFilterNames = [
  'states',
  'webhookId',
  'dialect',
  'event',
  'status',
  'subject',
  'changeId',
  'since',
] as const;

export type DeliveryFilters = { readonly [name in (typeof deliveryFilterNames)[number]]: string };

/** The filters as the API takes them. */
export function queryOf({ since, ...filters }: DeliveryFilters, nowMs: number) {
  return { ...filters, ...(since === '' ? {} : { fromMs: nowMs - Number(since) }) };
}
