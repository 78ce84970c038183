import { limits } from '../../core/limits.ts';

/** Thrown where a packet is there and is larger than is read. */
export class PacketTooLarge extends Error {
  constructor() {
    super(`its packet has more than ${limits.embeddedPacketBytesMax} bytes`);
    this.name = 'PacketTooLarge';
  }
}

/** Throws `PacketTooLarge` of a length beyond what is read. */
export function refuseLong(bytes: number): void {
  if (bytes > limits.embeddedPacketBytesMax) throw new PacketTooLarge();
}
