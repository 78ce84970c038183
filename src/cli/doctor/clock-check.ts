/** What the server that runs here has learnt of its clock from the answers of receivers. */
import { connect } from '../connection.ts';
import type { CliContext } from '../context.ts';
import type { Finding } from './diagnose.ts';

const recentMs = 24 * 60 * 60_000;

type Notices = { readonly data: readonly { readonly text: string }[] };

/** None where all is well, or where no key is at hand to ask with. */
export async function checkReceiversClock(
  dataDir: string | undefined,
  { environment, clock }: CliContext,
): Promise<readonly Finding[]> {
  try {
    // The server of this machine, whose clock it is, wherever other commands go.
    const here = { environment: { ...environment, ASSETWIRE_URL: undefined } };
    const client = connect(dataDir === undefined ? {} : { dataDir }, here);
    const query = {
      kind: 'clock.skew',
      acknowledged: 'false',
      fromMs: String(Math.round(clock.nowMs() - recentMs)),
      limit: '1',
    };
    const { data } = await client.get<Notices>('/v1/notices', query);
    return data.map(({ text }) => ({
      name: 'Clock of receivers',
      result: 'warning',
      detail: text,
      mend: 'Set the clock and run NTP, then acknowledge the notice',
    }));
  } catch {
    // Whether it answers, and lets us ask, is told by other lines.
    return [];
  }
}
