import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { createSystemRandom } from '../runtime/random.ts';
import { createEgress, type Egress, type EgressSettings } from './egress.ts';
import { parseTarget } from './target.ts';

function makeEgress(allowedTargets: readonly string[] = [], settings: Partial<EgressSettings> = {}): Egress {
  return createEgress({ clock: systemClock, random: createSystemRandom(), policy: { allowedTargets }, ...settings });
}

/** What creating a webhook with this target would answer. */
function verdict(egress: Egress, url: string, plainHttp = true): string {
  try {
    return egress.checkTarget(url, { plainHttp }).url;
  } catch (error) {
    assert.ok(error instanceof AssetwireError, String(error));
    return error.code;
  }
}

const open = makeEgress();
const refusedAs = (code: string, ...urls: readonly string[]): void => {
  for (const url of urls) assert.equal(verdict(open, url), code, url);
};

describe('a target at create, update and test', () => {
  it('SL-01 to SL-27 literals in forbidden ranges are refused, however they are spelled', () => {
    refusedAs(
      'target_forbidden_address',
      'http://127.0.0.1/',
      'http://0.0.0.0/',
      'http://10.0.0.1/',
      'http://172.16.0.1/',
      'http://192.168.0.1/',
    );
    refusedAs(
      'target_forbidden_address',
      'http://169.254.169.254/',
      'http://100.64.0.1/',
      'http://[::1]/',
      'http://[::]/',
      'http://[fe80::1]/',
    );
    refusedAs(
      'target_forbidden_address',
      'http://[::ffff:127.0.0.1]/',
      'http://[::ffff:7f00:1]/',
      'http://[0:0:0:0:0:ffff:a9fe:a9fe]/',
      'http://[::127.0.0.1]/',
    );
    refusedAs(
      'target_forbidden_address',
      'http://[64:ff9b::7f00:1]/',
      'http://[64:ff9b::808:808]/',
      'http://[2002:7f00:1::]/',
      'http://[fd00:ec2::254]/',
    );
    assert.equal(verdict(open, 'https://8.8.8.8/'), 'https://8.8.8.8/');
    assert.equal(verdict(open, 'https://[2606:4700:4700::1111]/x'), 'https://[2606:4700:4700::1111]/x');
  });

  it('SU-01 to SU-04 numeric, octal, Unicode and percent spellings of forbidden addresses are refused', () => {
    refusedAs(
      'target_forbidden_address',
      'http://2130706433/',
      'http://0x7f000001/',
      'http://0177.0.0.1/',
      'http://127.1/',
      'http://0x7f.1/',
      'http://0/',
    );
    refusedAs(
      'target_forbidden_address',
      'http://0300.0250.0.1/',
      'http://①②⑦.⓪.⓪.①/',
      'http://127。0。0。1/',
      'http://%31%32%37.0.0.1/',
    );
  });

  it('SU-05 SU-06 names that only mean something inside a network are refused', () => {
    refusedAs(
      'target_forbidden_name',
      'http://localhost/',
      'http://LOCALHOST/',
      'http://localhost./',
      'http://foo.localhost/',
      'http://ⓛocalhost/',
      'http://xn--/',
    );
    refusedAs(
      'target_forbidden_name',
      'http://ip6-localhost/',
      'http://metadata.google.internal/',
      'http://instance-data/',
      'http://db/',
      'http://printer.local/',
    );
    refusedAs(
      'target_forbidden_name',
      'http://x.home.arpa/',
      'http://x.localdomain/',
      'http://X.LOCAL./',
      'http://a.internal:8080/',
    );
    assert.equal(verdict(open, 'https://internal.example/'), 'https://internal.example/');
    assert.equal(verdict(open, 'https://mylocal/'), 'target_forbidden_name');
    assert.equal(verdict(open, 'https://notinternal.example.com/'), 'https://notinternal.example.com/');
  });

  it('SU-06 what the operator names is allowed, and its addresses are judged all the same', () => {
    const named = makeEgress(['receiver', '*.corp.internal']);
    assert.equal(verdict(named, 'https://receiver/'), 'https://receiver/');
    assert.equal(verdict(named, 'https://a.b.corp.internal/'), 'https://a.b.corp.internal/');
    assert.equal(verdict(named, 'https://other.internal/'), 'target_forbidden_name');
    assert.equal(verdict(named, 'https://10.0.0.1/'), 'target_forbidden_address');
  });

  it('SL-30 SU-14 ports: the web’s, and from 1024 on those that nothing dangerous is known by', () => {
    for (const port of [80, 443, 1024, 3000, 8000, 8080, 8443, 9000, 65_535])
      assert.match(verdict(open, `https://h.example:${port}/`), /^https:/);
    const dangerous = [
      1, 22, 25, 81, 111, 465, 587, 993, 1023, 2375, 2379, 3306, 5432, 5900, 6379, 6443, 9042, 9092, 9200, 9300, 10_250,
      11_211, 15_672, 27_017,
    ];
    for (const port of [0, ...dangerous]) refusedAs('target_forbidden_port', `https://h.example:${port}/`);
    const paired = makeEgress(['127.0.0.1:5432', '10.0.0.0/8']);
    assert.equal(verdict(paired, 'http://127.0.0.1:5432/'), 'http://127.0.0.1:5432/');
    assert.equal(verdict(paired, 'http://10.0.0.1:5432/'), 'target_forbidden_port');
    assert.equal(verdict(paired, 'http://127.0.0.1:5433/'), 'target_forbidden_port');
    assert.equal(verdict(paired, 'http://127.0.0.1:8080/'), 'target_forbidden_address');
  });

  it('plain http passes where the dialect offers it, elsewhere only towards what the operator opened', () => {
    const opened = makeEgress(['127.0.0.0/8', 'receiver.lan', '10.0.0.1:8080']);
    assert.equal(verdict(opened, 'http://h.example/', true), 'http://h.example/');
    assert.equal(verdict(opened, 'http://h.example/', false), 'target_scheme');
    assert.equal(verdict(opened, 'https://h.example/', false), 'https://h.example/');
    for (const url of [
      'http://127.0.0.1:9000/',
      'http://localhost:9000/',
      'http://receiver.lan/',
      'http://10.0.0.1:8080/',
    ])
      assert.equal(verdict(opened, url, false), url);
    assert.equal(verdict(opened, 'http://8.8.8.8/', false), 'target_scheme');
    assert.equal(verdict(open, 'http://localhost:9000/', false), 'target_forbidden_name');
  });

  it('the inbox is accepted by its exact address, port and path', () => {
    const egress = makeEgress();
    egress.setOwnPorts([8484, 8485]);
    egress.setInbox({ address: '127.0.0.1', port: 8484, tlsPort: 8485 });
    assert.equal(verdict(egress, 'http://127.0.0.1:8484/inbox/inb_1', false), 'http://127.0.0.1:8484/inbox/inb_1');
    assert.equal(verdict(egress, 'https://127.0.0.1:8485/inbox/inb_1', false), 'https://127.0.0.1:8485/inbox/inb_1');
    for (const url of [
      'https://127.0.0.1:8484/inbox/inb_1',
      'http://127.0.0.1:8485/inbox/inb_1',
      'http://127.0.0.2:8484/inbox/inb_1',
      'http://127.0.0.1:8484/v1/keys',
      'http://127.0.0.1:8484/inbox/../v1/keys',
    ]) {
      assert.equal(verdict(egress, url), 'target_forbidden_address', url);
    }
    assert.equal(verdict(egress, 'http://localhost:8484/inbox/inb_1'), 'target_forbidden_name');
  });

  it('the inbox may be sent to and asked for its consent, and nothing else', () => {
    const egress = makeEgress([]);
    egress.setInbox({ address: '127.0.0.1', port: 8484, tlsPort: 8485, caPem: '' });
    const inbox = parseTarget('http://127.0.0.1:8484/inbox/inb_1');
    for (const method of ['POST', 'OPTIONS']) assert.equal(egress.admit(inbox, method), null, method);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) assert.notEqual(egress.admit(inbox, method), null, method);
  });

  it('SL-26 the server’s own ports are refused on every address of the host', () => {
    const egress = makeEgress(['127.0.0.0/8', '10.0.0.0/8'], {
      interfaceAddresses: () => ['10.0.0.5', '93.184.215.14'],
    });
    egress.setOwnPorts([8484]);
    for (const url of [
      'http://127.0.0.1:8484/',
      'http://10.0.0.5:8484/',
      'http://93.184.215.14:8484/',
      'http://93.184.215.14/',
    ]) {
      assert.equal(verdict(egress, url), 'target_forbidden_address', url);
      assert.equal(egress.admit(parseTarget(url), 'POST'), 'self-connection', url);
    }
    assert.equal(verdict(egress, 'http://10.0.0.5:9000/'), 'http://10.0.0.5:9000/');
  });

  it('SU-20 what got into the store by another road is judged again on the way out', () => {
    assert.equal(open.admit(parseTarget('http://10.0.0.1/'), 'POST'), 'forbidden-address');
    assert.equal(open.admit(parseTarget('http://db/'), 'POST'), 'forbidden-name');
    assert.equal(open.admit(parseTarget('http://8.8.8.8:22/'), 'POST'), 'forbidden-port');
    assert.equal(open.admit(parseTarget('https://receiver.example/'), 'POST'), null);
  });

  it('a policy that cannot be read changes nothing', () => {
    const egress = makeEgress(['127.0.0.0/8']);
    assert.throws(() => egress.setPolicy({ allowedTargets: ['10.0.0.0/8', '10.0.0'] }), AssetwireError);
    assert.equal(verdict(egress, 'http://127.0.0.1:9000/'), 'http://127.0.0.1:9000/');
    assert.equal(verdict(egress, 'http://10.0.0.1:9000/'), 'target_forbidden_address');
  });
});

it('the hosts file counts for names the operator allowed, and for no others', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'assetwire-hosts-'));
  context.after(() => rm(folder, { recursive: true }));
  const hostsFile = join(folder, 'hosts');
  await writeFile(hostsFile, '# names\n127.0.0.1 localhost\n10.9.9.9\tReceiver other.lan # both\n');
  const asked: string[] = [];
  const query = {
    addresses: async (name: string) => {
      asked.push(name);
      return { kind: 'failed', code: 'not-found' } as const;
    },
    alias: async () => null,
  };
  const egress = makeEgress(['receiver'], { hostsFile, query });
  const failure = async (url: string): Promise<unknown> => {
    const made = await egress.connect({ target: parseTarget(url), method: 'POST', scope: 'default' }).result;
    return made.kind === 'failed' ? { ...made.failure, address: made.address } : made.kind;
  };
  // Found in the file, then judged: the name is allowed, its range is not.
  assert.deepEqual(await failure('http://receiver/'), {
    kind: 'blocked-address',
    reason: 'forbidden-address',
    address: '10.9.9.9',
  });
  assert.deepEqual(asked, []);
  assert.deepEqual(await failure('http://other.lan/'), { kind: 'dns-failed', code: 'not-found', address: undefined });
  assert.deepEqual([...new Set(asked)], ['other.lan']);
});
