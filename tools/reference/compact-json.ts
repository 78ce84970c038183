/** JSON for people to read: what fits into a line stays on it. */
const lineMax = 110;

export function compactJson(value: unknown, indent = ''): string {
  const line = oneLine(value);
  if (line.length + indent.length <= lineMax || typeof value !== 'object' || value === null) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => `${inner}${compactJson(item, inner)}`)
    : Object.entries(value).map(
        ([key, item]: [string, unknown]) => `${inner}${JSON.stringify(key)}: ${compactJson(item, inner)}`,
      );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(
    ([key, item]: [string, unknown]) => `${JSON.stringify(key)}: ${oneLine(item)}`,
  );
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}
