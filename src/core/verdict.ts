/** What an endpoint allows that was asked whether it wants deliveries; null: as often as we like. */
export type Consent = { readonly requestsPerSecondMax: number | null };

/**
 * What follows from an outcome. `disable` ends the delivery as the receiver asked (410) and switches the webhook off;
 * a delivery that is `retry` beyond its attempts or age is `dead`.
 */
export type Verdict =
  /** `confirms`: the answer to a handshake that says by itself that deliveries are wanted (a preflight's consent). */
  | { readonly kind: 'delivered'; readonly confirms?: Consent }
  | { readonly kind: 'retry'; readonly atMs: number; readonly reason: string; readonly throttleLaneUntilMs?: number }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'disable'; readonly reason: string };

export type VerdictKind = Verdict['kind'];
