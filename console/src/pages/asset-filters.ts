/** What one looks for among assets; it all stands in the address. */
export const assetFilterNames = ['q', 'kind', 'folder', 'collection', 'order', 'archived', 'view'] as const;
export type AssetFilters = { readonly [name in (typeof assetFilterNames)[number]]: string };
