/** Two questions to the system's network that `doctor` asks: may we listen here, does the resolver answer. */
import { Resolver } from 'node:dns/promises';
import { createServer } from 'node:net';
import { systemCode } from '../runtime/operator-error.ts';

/** Null where the address can be listened on, else the system's code. */
export async function canListen(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
    return null;
  } catch (error) {
    return systemCode(error) ?? 'error';
  } finally {
    server.close();
  }
}

/** Null where the name has an address, else the resolver's code. */
export async function resolveName(name: string): Promise<string | null> {
  const resolver = new Resolver({ timeout: 1_500, tries: 1 });
  try {
    await resolver.resolve4(name);
    return null;
  } catch (error) {
    return systemCode(error) ?? 'error';
  }
}
