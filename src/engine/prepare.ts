/**
 * From a delivery to what is sent: render, sign, assemble. Synchronous where it can be, which is nearly always: a promise
 * per delivery would cost more than the rendering. Whatever goes wrong here is a refusal, never a crash and never a
 * message without its signature (HARDENING SG-19).
 */
import { hash } from 'node:crypto';
import type { Webhook } from '../core/webhook.ts';
import type { Rendered, SelfSignedBody, SignatureRequest } from '../dialects/contract/message.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { LaneSetup, Refusal } from './lane-setup.ts';
import { type Header, headersWithout } from './masking.ts';
import type { Signature } from './engine.ts';
import type { Signer } from './signer.ts';

export type Prepared = {
  readonly body: Uint8Array;
  /** Lower-case hex. */
  readonly bodySha256: string;
  readonly headers: readonly Header[];
  /** As they may be stored and shown. */
  readonly shownHeaders: readonly Header[];
  /** What a receiver's answer must not bring into the log, beside the secrets of the webhook. */
  readonly hidden: readonly string[];
  readonly subject: string | undefined;
  readonly method: LaneSetup['method'] | 'OPTIONS';
  /** False where bytes were stored for this delivery and rendering it again gives others: the stored ones are sent. */
  readonly sameBytes: boolean;
};

export type Preparation = Prepared | { readonly refusal: Refusal };

export type PrepareInput = {
  readonly task: DeliveryTask;
  readonly setup: LaneSetup;
  /** The revision of the delivery's commit. */
  readonly revision: Webhook;
  /** Bytes of an earlier attempt. */
  readonly storedBody: Uint8Array | null;
  /** Wall clock: signatures carry it. */
  readonly attemptAtMs: number;
};

export type PrepareParts = { readonly signer: Signer; readonly userAgent: string };

/** Rejects where a signature cannot be had at this moment: the delivery is none the worse for it. */
export function prepare(input: PrepareInput, parts: PrepareParts): Preparation | Promise<Preparation> {
  if (input.setup.refusal !== null) return { refusal: input.setup.refusal };
  try {
    const rendered = render(input);
    const { body } = rendered;
    if (body instanceof Uint8Array) return finish(input, parts, rendered, input.storedBody ?? body);
    return input.storedBody === null
      ? signed(input, parts, rendered, body)
      : signedBefore(input, parts, { rendered, body, stored: input.storedBody });
  } catch (error) {
    return refused(error);
  }
}

/** The bytes of the earlier attempt carry its signature: they go out again as long as that verifies. */
async function signedBefore(
  input: PrepareInput,
  parts: PrepareParts,
  {
    rendered,
    body,
    stored,
  }: { readonly rendered: Rendered; readonly body: SelfSignedBody; readonly stored: Uint8Array },
): Promise<Preparation> {
  const { workspaceId } = input.setup.webhook;
  if (!(await parts.signer.keeps(body.sign, workspaceId))) return signed(input, parts, rendered, body);
  return orRefused(() => finish(input, parts, rendered, stored));
}

function signed(
  input: PrepareInput,
  parts: PrepareParts,
  rendered: Rendered,
  body: SelfSignedBody,
): Preparation | Promise<Preparation> {
  try {
    const signature = parts.signer.sign(body.sign, input.setup.secrets, input.setup.webhook.workspaceId);
    if (!(signature instanceof Promise)) return embed(input, parts, rendered, signature);
    // Who signs may have to look for its key: what hinders it then is no fault of the message, and the promise says so.
    return signature.then((made) => orRefused(() => embed(input, parts, rendered, made)));
  } catch (error) {
    return refused(error);
  }
}

function orRefused(make: () => Preparation | Promise<Preparation>): Preparation | Promise<Preparation> {
  try {
    return make();
  } catch (error) {
    return refused(error);
  }
}

function render({ task, setup, revision }: PrepareInput): Rendered {
  const { delivery, change } = task;
  return setup.dialect.render({
    change,
    webhook: revision,
    notification:
      delivery.frozen === undefined ? { event: delivery.event } : { event: delivery.event, frozen: delivery.frozen },
    messageId: delivery.messageId,
    createdAtMs: delivery.createdAtMs,
    // Links expire by the change's time, so that a redelivery renders the very same ones.
    links: setup.links.at?.(change.acceptedAtMs) ?? setup.links,
  });
}

function embed(
  input: PrepareInput,
  parts: PrepareParts,
  rendered: Rendered,
  signature: Signature,
): Preparation | Promise<Preparation> {
  if ('missing' in signature) return missing(signature.missing);
  if (rendered.body instanceof Uint8Array) return finish(input, parts, rendered, rendered.body);
  const embedded =
    signature instanceof Uint8Array
      ? rendered.body.embed(signature)
      : rendered.body.embed(signature.bytes, signature.keyId);
  return finish(input, parts, rendered, embedded);
}

function finish(
  input: PrepareInput,
  parts: PrepareParts,
  rendered: Rendered,
  body: Uint8Array,
): Preparation | Promise<Preparation> {
  const { setup } = input;
  const { payloadBytesMax } = setup.dialect.manifest.limits;
  if (body.length > payloadBytesMax) return tooLarge(payloadBytesMax, body.length);
  const requests = setup.dialect.sign({
    body,
    messageId: input.task.delivery.messageId,
    webhook: setup.webhook,
    secrets: setup.references,
    attemptAtMs: input.attemptAtMs,
  });
  if (requests.length === 0) {
    return setup.signingRequired ? missing('signing secret') : assemble(input, parts, { rendered, body, signed: [] });
  }
  const signatures: Uint8Array[] = [];
  for (const [index, request] of requests.entries()) {
    const signature = parts.signer.sign(request, setup.secrets, setup.webhook.workspaceId);
    if (signature instanceof Promise) {
      return slowSignatures(requests, { signatures, pending: signature, index }, (next) =>
        parts.signer.sign(next, setup.secrets, setup.webhook.workspaceId),
      )
        .then((made) =>
          'missing' in made
            ? missing(made.missing)
            : assemble(input, parts, { rendered, body, signed: placed(requests, made.signatures) }),
        )
        .catch(refused);
    }
    if ('missing' in signature) return missing(signature.missing);
    signatures.push(bytesOf(signature));
  }
  return assemble(input, parts, { rendered, body, signed: placed(requests, signatures) });
}

/** Goes on where a signature was not there at once: those before it are made, `pending` is the one at `index`. */
async function slowSignatures(
  requests: readonly SignatureRequest[],
  {
    signatures,
    pending,
    index,
  }: { readonly signatures: Uint8Array[]; readonly pending: Promise<Signature>; readonly index: number },
  sign: (request: SignatureRequest) => Signature | Promise<Signature>,
): Promise<{ readonly signatures: readonly Uint8Array[] } | { readonly missing: string }> {
  for (let at = index; at < requests.length; at += 1) {
    const request = requests[at];
    if (request === undefined) break;
    const signature = at === index ? await pending : await sign(request);
    if ('missing' in signature) return signature;
    signatures.push(bytesOf(signature));
  }
  return { signatures };
}

function bytesOf(signature: Exclude<Signature, { readonly missing: string }>): Uint8Array {
  return signature instanceof Uint8Array ? signature : signature.bytes;
}

/** Signatures as headers. */
function placed(requests: readonly SignatureRequest[], signatures: readonly Uint8Array[]): readonly Header[] {
  const [request] = requests;
  const [bytes] = signatures;
  if (requests.length !== 1 || request === undefined || bytes === undefined) return joined(requests, signatures);
  const { header, fixed } = request.placement;
  return [...fixed, [header, textOf(request, bytes)]];
}

function textOf({ placement }: SignatureRequest, bytes: Uint8Array): string {
  return placement.prefix + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(placement.encoding);
}

/** Several that name the same header are joined in their order. */
function joined(requests: readonly SignatureRequest[], signatures: readonly Uint8Array[]): readonly Header[] {
  const headers: [string, string][] = [];
  for (const [index, request] of requests.entries()) {
    const { placement } = request;
    const bytes = signatures[index];
    if (bytes === undefined) continue;
    for (const [name, value] of placement.fixed) {
      if (!headers.some((header) => header[0] === name)) headers.push([name, value]);
    }
    const text = textOf(request, bytes);
    const same = headers.find((header) => header[0] === placement.header);
    if (same === undefined) headers.push([placement.header, text]);
    else same[1] += placement.separator + text;
  }
  return headers;
}

function assemble(
  { task, setup, storedBody }: PrepareInput,
  parts: PrepareParts,
  {
    rendered,
    body,
    signed,
  }: { readonly rendered: Rendered; readonly body: Uint8Array; readonly signed: readonly Header[] },
): Prepared {
  const { delivery } = task;
  const headers: Header[] = [
    ...(setup.transport.kind === 'http' ? httpHeaders(body, rendered, parts) : [typeOf(rendered)]),
    ...rendered.headers,
    ...signed,
    ['assetwire-delivery-id', delivery.id],
    ['assetwire-attempt', String(delivery.attempts + 1)],
    ['assetwire-change-id', delivery.changeId],
    ['assetwire-event', delivery.event],
  ];
  // Tells a replayed or test message from the first of its kind; silence means an ordinary one.
  if (delivery.origin !== 'change') headers.push(['assetwire-origin', delivery.origin]);
  // Whoever reports a change because of this one adds one to it, so that two systems that answer each other are stopped
  // (HARDENING RX-22); silence means zero.
  const { causationDepth } = task.change;
  if (causationDepth > 0) headers.push(['assetwire-causation-depth', String(causationDepth)]);
  const hidden = rendered.hidden ?? [];
  const shown = headersWithout(hidden, headers);
  const own = setup.shownHeaders.length === 0 ? shown : [...shown, ...setup.shownHeaders];
  // A mail has its subject among its headers; whoever sends it writes it.
  const shownHeaders: readonly Header[] =
    rendered.subject === undefined ? own : [['subject', rendered.subject], ...own];
  return {
    body,
    bodySha256: hash('sha256', body, 'hex'),
    headers: setup.ownHeaders.length === 0 ? headers : [...headers, ...setup.ownHeaders],
    shownHeaders,
    hidden,
    subject: rendered.subject,
    method: rendered.method ?? setup.method,
    sameBytes:
      storedBody === null || !(rendered.body instanceof Uint8Array) || Buffer.compare(storedBody, rendered.body) === 0,
  };
}

/** Spelled as most senders spell them: whoever passes headers on as they came (a gateway) has readers that know no other. */
function httpHeaders(body: Uint8Array, rendered: Rendered, { userAgent }: PrepareParts): readonly Header[] {
  return [
    body.length === 0 ? ['Accept', '*/*'] : typeOf(rendered),
    // Where a receiver looks at it, the dialect says who is asking.
    ...(namesAgent(rendered) ? [] : [['User-Agent', userAgent] as const]),
    ['Accept-Encoding', 'identity'],
  ];
}

function typeOf({ contentType }: Rendered): Header {
  return ['Content-Type', contentType];
}

function namesAgent({ headers }: Rendered): boolean {
  return headers.some(([name]) => name === 'User-Agent');
}

function missing(what: string): Preparation {
  return { refusal: { code: 'secret-unavailable', detail: `Cannot sign: no ${what}` } };
}

/** What a receiver of this dialect is known to take ends somewhere; half a message is worth nothing to it. */
function tooLarge(bytesMax: number, bytes: number): Preparation {
  return { refusal: { code: 'payload-too-large', detail: `Send at most ${bytesMax} bytes: the body has ${bytes}` } };
}

/** A dialect's code threw: a bug, or a change it cannot express. The text is cut: it may quote the change. */
function refused(error: unknown): Preparation {
  const text = error instanceof Error ? error.message : 'not an error';
  return { refusal: { code: 'render-failed', detail: text.slice(0, 200) } };
}
