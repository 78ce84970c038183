/** Where things of a share link are found; its token is the authority. */
export function sharePath(token: string): string {
  return `/share/${token}`;
}

/** `name`: `original`, or the title of a rendition. */
export function sharedFilePath(token: string, assetId: string, name: string): string {
  return `${sharePath(token)}/files/${assetId}/${encodeURIComponent(name)}`;
}
