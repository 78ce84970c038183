/** `1 item`, `2 items`: a number with what it counts, for messages. `unit` is the singular. */
export function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
