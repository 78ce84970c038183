/**
 * The api's door: what `compose.ts` hands in and what it gets. The server listens on one address for everything and, if
 * it is given a certificate, on the next port by TLS for the inbox alone.
 */
import type { App } from '../app/app.ts';
import type { IdSource } from '../core/ids.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { VendorApi } from './vendor-routes.ts';

export type ApiSettings = {
  readonly host: string;
  /** 0 takes any free port (tests). */
  readonly port: number;
  /** Where callers reach us; absent: the address we listen on. */
  readonly publicUrl?: string;
  readonly version: string;
  readonly uploadBytesMax: number;
  /** Certificate and key (PEM) of the inbox's TLS listener; absent: no such listener. Its port is `port + 1` unless given. */
  readonly inboxTls?: { readonly certificatePem: string; readonly keyPem: string; readonly port?: number };
  /** Addresses and ranges of reverse proxies whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Vendor APIs at the root of ports of their own; each must be one of `vendorRoutes`. */
  readonly dialectListen?: readonly { readonly dialect: string; readonly host: string; readonly port: number }[];
  /** What stands at the root of a host of its own, by the host that requests name. Default: nothing. */
  readonly hostMounts?: ReadonlyMap<string, string>;
  /** `operation`: nothing but health and metrics is answered; for processes that deliver and take no requests. */
  readonly only?: 'operation';
  /** Whether `/metrics` answers without a key. Default: it needs `settings:read`. */
  readonly metricsOpen?: boolean;
  /** How long `stop` waits for requests in flight before it cuts them. Default 10 s. */
  readonly stopGraceMs?: number;
};

/** The part of the logger that is used. Never given a header, a body or a key. */
export type ApiLogger = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'enabled'>;

/** The part of the metrics that is used: what `/metrics` answers and what is counted per request. */
export type ApiMetrics = Pick<Metrics, 'text' | 'contentType' | 'apiRequest' | 'refused'>;

export type ApiOptions = {
  readonly app: App;
  readonly settings: ApiSettings;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: ApiLogger;
  readonly metrics: ApiMetrics;
  /** Route tables of the dialects that have an API of their own, mounted at `/{dialect}`. */
  readonly vendorRoutes?: readonly VendorApi[];
};

/** Where the server listens; `url` without a trailing slash. */
export type ApiAddress = {
  readonly url: string;
  readonly publicUrl: string;
  readonly host: string;
  readonly port: number;
  /** The TLS listener of the inbox, null where it has none. */
  readonly tlsUrl: string | null;
  readonly tlsPort: number | null;
  /** Vendor APIs at the root of ports of their own, by dialect. */
  readonly vendorUrls: { readonly [dialect: string]: string };
};

export interface ApiServer {
  /** Listens. A second call answers the same address. */
  start(): Promise<ApiAddress>;
  /** Lets requests in flight end, ends streams, closes. Harmless before start and twice. */
  stop(): Promise<void>;
}
