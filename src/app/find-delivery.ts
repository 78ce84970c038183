/** The first delivery of a list that fits. A page of the store may hold nothing and still have more behind it. */
import type { DeliverySummary } from '../core/delivery.ts';
import type { DeliveryQuery, Page } from '../storage/contract/list-queries.ts';
import type { Storage } from '../storage/storage.ts';

export async function findDelivery(
  { read }: Pick<Storage, 'read'>,
  query: Omit<DeliveryQuery, 'cursor'>,
  fits: (delivery: DeliverySummary) => boolean = () => true,
): Promise<DeliverySummary | undefined> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page<DeliverySummary> = await read.deliveries({
      ...query,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const found = page.items.find(fits);
    if (found !== undefined) return found;
    cursor = page.nextCursor;
  }
  return undefined;
}
