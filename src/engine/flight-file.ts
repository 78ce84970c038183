/**
 * The flight log as a file of fixed-size slots, preallocated, mirrored in memory, written without sync: what a write call
 * has taken survives the process whatever kills it. A power failure may lose it, and with it only the knowledge that an
 * attempt was made; the deliveries are in the store.
 *
 * All attempts that start in one turn get neighbouring slots where there is room, so they share one write. Every slot
 * carries a checksum: one that was torn by a power failure names nobody.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { createPassingMap } from '../core/passing-map.ts';
import type { DeliveryId, WebhookId } from '../core/ids.ts';
import type { CrashedFlight, Flight, FlightLog } from './flight-log.ts';

const slotBytes = 256;
/** In flight at most 4,096 (the engine's cap) and as many suspects. */
const slotsDefault = 8_192;
const idBytesMax = 48;
const workspaceBytesMax = 64;
const idAt = 65;
const webhookAt = idAt + 1 + idBytesMax;
const workspaceAt = webhookAt + 1 + idBytesMax;
const checksumAt = slotBytes - 4;
/** A write that would carry more untouched bytes than this is worth two calls. */
const gapBytesMax = 16 * 1024;

const empty = 0;
const flying = 1;
const suspected = 2;
/** Cut off by a crash and not yet recorded as such. */
const owed = 3;

export function createFlightFile(path: string, slots = slotsDefault): FlightLog {
  const mirror = Buffer.alloc(slots * slotBytes);
  const slotOf = createPassingMap<DeliveryId, number>();
  const suspects = new Set<DeliveryId>();
  let file: number | null = null;
  let next = 0;
  let clearedFrom = Number.POSITIVE_INFINITY;
  let clearedTo = -1;

  const write = (from: number, to: number): void => {
    if (file === null || to < from) return;
    writeSync(file, mirror, from * slotBytes, (to - from + 1) * slotBytes, from * slotBytes);
  };

  const flush = (): void => {
    write(clearedFrom, clearedTo);
    clearedFrom = Number.POSITIVE_INFINITY;
    clearedTo = -1;
  };

  const touchCleared = (slot: number): void => {
    if (slot < clearedFrom) clearedFrom = slot;
    if (slot > clearedTo) clearedTo = slot;
  };

  const clear = (deliveryId: DeliveryId, slot: number): void => {
    mirror.fill(0, slot * slotBytes, (slot + 1) * slotBytes);
    slotOf.delete(deliveryId);
    suspects.delete(deliveryId);
    touchCleared(slot);
  };

  const freeSlot = (): number | null => {
    for (let tried = 0; tried < slots; tried += 1) {
      const slot = next;
      next = next + 1 === slots ? 0 : next + 1;
      if (mirror[slot * slotBytes] === empty) return slot;
    }
    const [oldest] = suspects;
    const slot = oldest === undefined ? undefined : slotOf.get(oldest);
    if (oldest === undefined || slot === undefined) return null;
    clear(oldest, slot);
    return slot;
  };

  const load = (fd: number): CrashedFlight[] => {
    const length = Math.min(fstatSync(fd).size, mirror.length);
    let read = 0;
    while (read < length) {
      const got = readSync(fd, mirror, read, length - read, read);
      if (got === 0) break;
      read += got;
    }
    const crashed: CrashedFlight[] = [];
    for (let slot = 0; slot < slots; slot += 1) {
      const found = decodeSlot(mirror, slot);
      if (found === null) {
        mirror.fill(0, slot * slotBytes, (slot + 1) * slotBytes);
        continue;
      }
      slotOf.set(found.deliveryId, slot);
      if (found.state === suspected) {
        suspects.add(found.deliveryId);
        continue;
      }
      // Found a second time before it could be recorded: the same crash, not another one.
      const crashes = found.state === flying ? Math.min(255, found.crashes + 1) : found.crashes;
      crashed.push({ ...found.flight, crashes });
      mark(mirror, slot, { state: owed, crashes });
    }
    return crashed;
  };

  return {
    async open() {
      if (file !== null) return [];
      file = openSync(path, 'a+', 0o600);
      closeSync(file);
      file = openSync(path, 'r+');
      const crashed = load(file);
      if (fstatSync(file).size !== mirror.length) ftruncateSync(file, mirror.length);
      // Written whole once: the blocks exist from now on, so a full disk cannot refuse a slot later.
      write(0, slots - 1);
      return crashed;
    },
    begin(flights) {
      let from = Number.POSITIVE_INFINITY;
      let to = -1;
      for (const flight of flights) {
        const known = slotOf.get(flight.deliveryId);
        const slot = known ?? freeSlot();
        if (slot === null) continue;
        const crashes = known === undefined ? 0 : (mirror[slot * slotBytes + 1] ?? 0);
        if (!encodeSlot(mirror, slot, flight, crashes)) continue;
        slotOf.set(flight.deliveryId, slot);
        suspects.delete(flight.deliveryId);
        if (to >= 0 && Math.abs(slot - to) * slotBytes > gapBytesMax) {
          write(from, to);
          from = Number.POSITIVE_INFINITY;
          to = -1;
        }
        if (slot < from) from = slot;
        if (slot > to) to = slot;
      }
      write(from, to);
    },
    end(deliveryId, known) {
      const slot = slotOf.get(deliveryId);
      if (slot === undefined) return;
      const crashes = mirror[slot * slotBytes + 1] ?? 0;
      if (known || crashes === 0) {
        clear(deliveryId, slot);
        return;
      }
      mark(mirror, slot, { state: suspected, crashes });
      suspects.add(deliveryId);
      touchCleared(slot);
    },
    flush,
    close() {
      if (file === null) return;
      flush();
      closeSync(file);
      file = null;
    },
  };
}

/** False where the flight does not fit its slot; it then flies unlisted, and a crash leaves its outcome unrecorded. */
function encodeSlot(mirror: Buffer, slot: number, flight: Flight, crashes: number): boolean {
  const at = slot * slotBytes;
  mirror.fill(0, at, at + slotBytes);
  if (
    !putText(mirror, at + idAt, flight.deliveryId, idBytesMax) ||
    !putText(mirror, at + webhookAt, flight.webhookId, idBytesMax) ||
    !putText(mirror, at + workspaceAt, flight.workspaceId, workspaceBytesMax)
  ) {
    mirror.fill(0, at, at + slotBytes);
    return false;
  }
  mirror[at] = flying;
  mirror[at + 1] = crashes;
  mirror.writeUInt32LE(flight.attempt >>> 0, at + 4);
  mirror.writeDoubleLE(flight.startedAtMs, at + 8);
  mirror.writeDoubleLE(flight.createdAtMs, at + 16);
  mirror.writeUInt32LE(flight.webhookRevision >>> 0, at + 24);
  mirror.writeUInt32LE(flight.bodyBytes >>> 0, at + 28);
  mirror.write(flight.bodySha256, at + 32, 32, 'hex');
  seal(mirror, at);
  return true;
}

type Found = { deliveryId: DeliveryId; state: number; crashes: number; flight: Flight };

function decodeSlot(mirror: Buffer, slot: number): Found | null {
  const at = slot * slotBytes;
  const state = mirror[at];
  if (state !== flying && state !== suspected && state !== owed) return null;
  if (mirror.readUInt32LE(at + checksumAt) !== checksum(mirror, at)) return null;
  const deliveryId = getText(mirror, at + idAt, idBytesMax);
  const webhookId = getText(mirror, at + webhookAt, idBytesMax);
  const workspaceId = getText(mirror, at + workspaceAt, workspaceBytesMax);
  if (!isDeliveryId(deliveryId) || !isWebhookId(webhookId)) return null;
  const flight: Flight = {
    deliveryId,
    webhookId,
    workspaceId,
    attempt: mirror.readUInt32LE(at + 4),
    startedAtMs: mirror.readDoubleLE(at + 8),
    createdAtMs: mirror.readDoubleLE(at + 16),
    webhookRevision: mirror.readUInt32LE(at + 24),
    bodyBytes: mirror.readUInt32LE(at + 28),
    bodySha256: mirror.toString('hex', at + 32, at + 64),
  };
  return { deliveryId, state, crashes: mirror[at + 1] ?? 0, flight };
}

function mark(mirror: Buffer, slot: number, { state, crashes }: Pick<Found, 'state' | 'crashes'>): void {
  const at = slot * slotBytes;
  mirror[at] = state;
  mirror[at + 1] = crashes;
  seal(mirror, at);
}

function seal(mirror: Buffer, at: number): void {
  mirror.writeUInt32LE(checksum(mirror, at), at + checksumAt);
}

function checksum(mirror: Buffer, at: number): number {
  return crc32(mirror.subarray(at, at + checksumAt)) >>> 0;
}

function putText(mirror: Buffer, at: number, text: string, bytesMax: number): boolean {
  if (Buffer.byteLength(text) > bytesMax) return false;
  mirror[at] = mirror.write(text, at + 1, bytesMax);
  return true;
}

function getText(mirror: Buffer, at: number, bytesMax: number): string {
  const length = Math.min(mirror[at] ?? 0, bytesMax);
  return mirror.toString('utf8', at + 1, at + 1 + length);
}

function isDeliveryId(text: string): text is DeliveryId {
  return text.startsWith('dlv_');
}

function isWebhookId(text: string): text is WebhookId {
  return text.startsWith('wh_');
}
