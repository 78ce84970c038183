/** What is shown anew once an asset has changed. */
export function assetPaths(id: string): readonly string[] {
  return [`/v1/assets/${id}`, '/v1/assets', '/v1/changes'];
}
