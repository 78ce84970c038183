/** Certificates of webhooks that end soon or have ended, as the server that runs here has told of them. */
import { connect, type ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import type { Finding } from './diagnose.ts';

/** Of so many workspaces, and so many lines of each: the list of notices has the rest. */
const workspacesMax = 100;
const shownMax = 5;

type Workspaces = { readonly data: readonly { readonly id: string }[] };
type Notices = { readonly data: readonly { readonly text: string }[] };

const kinds = ['webhook.certificate_expired', 'webhook.certificate_expiring'] as const;

/** None where all is well, or where no key is at hand to ask with. */
export async function checkCertificates(
  dataDir: string | undefined,
  { environment }: Pick<CliContext, 'environment'>,
): Promise<readonly Finding[]> {
  // The server of this machine, wherever other commands go.
  const here = { environment: { ...environment, ASSETWIRE_URL: undefined } };
  const options: ConnectionOptions = dataDir === undefined ? {} : { dataDir };
  const findings: Finding[] = [];
  try {
    const { data } = await connect(options, here).get<Workspaces>('/v1/workspaces', { limit: String(workspacesMax) });
    const questions = data.flatMap(({ id }) => kinds.map((kind) => ({ id, kind })));
    for (const { id, kind } of questions) {
      const query = { kind, acknowledged: 'false', limit: String(shownMax) };
      const notices = await connect({ ...options, workspace: id }, here).get<Notices>('/v1/notices', query);
      findings.push(...notices.data.map(({ text }) => findingOf(id, text)));
    }
  } catch {
    // Whether it answers, and lets us ask, is told by other lines.
  }
  return findings;
}

function findingOf(workspaceId: string, text: string): Finding {
  return {
    name: 'Certificates',
    result: 'warning',
    detail: `${workspaceId}: ${text}`,
    mend: `assetwire webhooks update wh_… --workspace ${workspaceId} --tls-certificate … --tls-key …, then acknowledge the notice`,
  };
}
