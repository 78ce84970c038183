/** The thread that makes the documentation: makes it, hands it over and ends, and its libraries go with it. */
import { parentPort } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { buildSite } from './build-site.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
parentPort?.postMessage(buildSite(root));
