import type { ApiOptions, ApiServer } from './api.ts';

/** The HTTP server. */
export function createApiServer(options: ApiOptions): ApiServer {
  throw new Error(`Not written yet ${options.settings.version}`);
}
