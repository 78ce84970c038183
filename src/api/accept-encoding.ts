/** Whether a caller takes gzip, as its `Accept-Encoding` says: named, and not with a weight of nothing. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(acceptEncoding ?? '');
}
