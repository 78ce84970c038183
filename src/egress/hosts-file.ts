import { readFileSync } from 'node:fs';

/**
 * The host's own table of names (`/etc/hosts`), for names that the operator allowed and for no others: a line there
 * (`hostAliases`, `extra_hosts`) is how containers name their neighbours, but a tenant must not be able to aim at it.
 * An unreadable file is an empty one.
 */
export function readHostsFile(path: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const line of readLines(path)) {
    const [address, ...aliases] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/);
    if (address === undefined || address === '') continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase();
      const known = names.get(name);
      if (known === undefined) names.set(name, [address]);
      else known.push(address);
    }
  }
  return names;
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}
