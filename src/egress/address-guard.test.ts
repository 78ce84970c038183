import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AddressGuard, createAddressGuard } from './address-guard.ts';
import { parseTargetRules } from './target-rules.ts';

function makeGuard({
  allowed = [],
  denied = [],
  interfaces = [],
  ownPorts = [],
}: {
  readonly allowed?: readonly string[];
  readonly denied?: readonly string[];
  readonly interfaces?: readonly string[];
  readonly ownPorts?: readonly number[];
} = {}): AddressGuard {
  return createAddressGuard({
    allowed: parseTargetRules(allowed),
    denied: parseTargetRules(denied),
    interfaceAddresses: () => interfaces,
    ownPorts: () => new Set(ownPorts),
    monotonicMs: () => 0,
  });
}

const guard = makeGuard();
const forbidden = (address: string, port = 443): void =>
  assert.equal(guard.judge(address, port), 'forbidden-address', `${address} must be refused`);
const free = (address: string, port = 443): void =>
  assert.equal(guard.judge(address, port), null, `${address} must be allowed`);

// --- The Appendix, written down a second time: first and last address of every prefix, and the neighbours outside ------

const edges4: readonly (readonly [first: string, last: string, below: string | null, above: string | null])[] = [
  ['0.0.0.0', '0.255.255.255', null, '1.0.0.0'],
  ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
  ['100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
  ['127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
  ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
  ['172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
  ['192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
  ['192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
  ['192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
  ['192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
  ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
  ['198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
  ['203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
  ['224.0.0.0', '239.255.255.255', '223.255.255.255', null],
  ['240.0.0.0', '255.255.255.255', null, null],
];

const edges6: readonly (readonly [first: string, last: string, below: string | null, above: string | null])[] = [
  ['::', '::ffff:ffff', null, null],
  ['::ffff:0:0:0', '::ffff:0:ffff:ffff', null, null],
  ['64:ff9b::', '64:ff9b::ffff:ffff', null, null],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', null, null],
  ['100::', '100::ffff:ffff:ffff:ffff', null, null],
  ['2001::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff', '2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
  ['2001:1::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', null, '2001:200::'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db9::'],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2003::'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:1000::'],
  ['5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null, null],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null, null],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null, null],
  ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null, null],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null, null],
  // Around global unicast as a whole: everything outside 2000::/3 is shut.
  ['1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null, '2000::'],
  ['4000::', '4000::', '3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
];

describe('the table of forbidden ranges', () => {
  for (const [first, last, below, above] of [...edges4, ...edges6]) {
    it(`refuses ${first} to ${last} and nothing beside it`, () => {
      forbidden(first);
      forbidden(last);
      if (below !== null) free(below);
      if (above !== null) free(above);
    });
  }

  for (const [first, last, below, above] of edges4) {
    it(`SL-15 judges ${first} to ${last} alike when they are wrapped in IPv6`, () => {
      forbidden(`::ffff:${first}`);
      forbidden(`::ffff:${last}`);
      if (below !== null) free(`::ffff:${below}`);
      if (above !== null) free(`::ffff:${above}`);
    });
  }
});

describe('the addresses of the catalogue', () => {
  const rows: readonly (readonly [title: string, refused: readonly string[], allowed: readonly string[]])[] = [
    ['SL-01 loopback, the whole of 127/8', ['127.0.0.1', '127.0.0.2', '127.255.255.254'], []],
    ['SL-02 this network', ['0.0.0.0', '0.1.2.3'], []],
    ['SL-03 private 10/8', ['10.0.0.1', '10.255.255.255'], []],
    ['SL-04 private 172.16/12', ['172.16.0.1', '172.31.255.255'], ['172.15.255.255', '172.32.0.1']],
    ['SL-05 private 192.168/16', ['192.168.0.1', '192.168.255.255'], ['192.167.255.255', '192.169.0.1']],
    ['SL-06 link-local and metadata', ['169.254.169.254', '169.254.170.2', '169.254.169.123'], []],
    [
      'SL-07 carrier-grade NAT',
      ['100.64.0.1', '100.127.255.254', '100.100.100.200'],
      ['100.63.255.254', '100.128.0.1'],
    ],
    ['SL-08 benchmarking', ['198.18.0.1', '198.19.255.255'], ['198.20.0.1']],
    ['SL-09 documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.6'], []],
    ['SL-10 protocol assignments', ['192.0.0.0', '192.0.0.192', '192.0.0.255'], []],
    ['SL-11 6to4 relay', ['192.88.99.3'], []],
    ['SL-12 multicast', ['224.0.0.1', '233.252.0.16', '239.255.255.250'], []],
    ['SL-13 class E and broadcast', ['240.0.0.1', '255.255.255.255'], []],
    ['SL-14 IPv6 loopback and unspecified', ['::1', '::'], []],
    ['SL-15 IPv4-mapped', ['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:a9fe:a9fe'], ['::ffff:8.8.8.8']],
    ['SL-16 IPv4-compatible', ['::127.0.0.1', '::a9fe:a9fe', '::8.8.8.8'], []],
    ['SL-17 SIIT', ['::ffff:0:7f00:1', '::ffff:0:808:808'], []],
    ['SL-18 NAT64, public inside or not', ['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::808:808'], []],
    ['SL-19 NAT64 local use', ['64:ff9b:1::1'], []],
    ['SL-20 6to4', ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:808:808::1'], []],
    ['SL-21 Teredo', ['2001:0:4136:e378:8000:63bf:3fff:fdd2'], ['2001:4860:4860::8888']],
    ['SL-22 link-local', ['fe80::1', 'febf:ffff::1'], []],
    ['SL-23 unique local', ['fc00::1', 'fd00:ec2::254', 'fd7a:115c:a1e0::1'], []],
    ['SL-24 multicast', ['ff02::1', 'ff0e::1'], []],
    ['SL-25 documentation, discard, SRv6', ['2001:db8::1', '3fff::1', '100::1', '5f00::1'], []],
    ['SL-27 site-local', ['fec0::1'], []],
    ['public addresses', [], ['8.8.8.8', '1.1.1.1', '93.184.215.14', '2606:4700:4700::1111']],
  ];
  for (const [title, refused, allowed] of rows) {
    it(title, () => {
      for (const address of refused) forbidden(address);
      for (const address of allowed) free(address);
    });
  }

  it('SL-27 refuses whatever it cannot read', () => {
    const spellings = [
      '',
      'localhost',
      '127.1',
      '0x7f.0.0.1',
      '0177.0.0.1',
      '08.8.8.8',
      '8.8.8',
      '8.8.8.8.8',
      '8.8.8.256',
      '8.8.8.8 ',
    ];
    for (const text of [
      ...spellings,
      'fe80::1%lo',
      '2606:4700::1%eth0',
      '[2606:4700::1]',
      '2606:4700::g',
      '8.8.8.8:80',
    ])
      forbidden(text);
  });

  it('SL-06 blocks Azure’s wire server although its address is public', () => forbidden('168.63.129.16'));
});

describe('what the operator says', () => {
  it('SL-28 an allowed range is open to its edges and not beyond', () => {
    const opened = makeGuard({ allowed: ['10.77.0.0/24', 'fd12:3456::/32'] });
    assert.equal(opened.judge('10.77.0.5', 443), null);
    assert.equal(opened.judge('10.77.0.255', 443), null);
    assert.equal(opened.judge('10.77.1.5', 443), 'forbidden-address');
    assert.equal(opened.judge('10.76.255.255', 443), 'forbidden-address');
    assert.equal(opened.judge('fd12:3456:ffff::1', 443), null);
    assert.equal(opened.judge('fd12:3457::1', 443), 'forbidden-address');
  });

  it('SL-28 metadata addresses stay shut inside an allowed range, and open only when written out', () => {
    const range = makeGuard({ allowed: ['169.254.0.0/16', 'fd00::/8', '0.0.0.0/0', '::/0'] });
    for (const address of [
      '169.254.169.254',
      '169.254.170.2',
      '100.100.100.200',
      '168.63.129.16',
      'fd00:ec2::254',
      '::ffff:169.254.169.254',
    ]) {
      assert.equal(range.judge(address, 80), 'forbidden-address', address);
    }
    assert.equal(range.judge('169.254.1.1', 80), null);
    const exact = makeGuard({ allowed: ['169.254.169.254/32', 'fd00:ec2::254/128'] });
    assert.equal(exact.judge('169.254.169.254', 80), null);
    assert.equal(exact.judge('fd00:ec2::254', 80), null);
    assert.equal(exact.judge('169.254.170.2', 80), 'forbidden-address');
  });

  it('SL-29 a denied range wins over an allowed one, exact pairs included', () => {
    const both = makeGuard({ allowed: ['10.0.0.0/8', '10.1.2.3:8080'], denied: ['10.1.0.0/16', '8.8.8.8'] });
    assert.equal(both.judge('10.2.0.1', 443), null);
    assert.equal(both.judge('10.1.2.3', 443), 'forbidden-address');
    assert.equal(both.judge('10.1.2.3', 8080), 'forbidden-address');
    assert.equal(both.judge('8.8.8.8', 443), 'forbidden-address');
    assert.equal(both.isAllowed('10.1.2.3', 8080), false);
  });

  it('SL-30 an address written with its port is open on that port only', () => {
    const pair = makeGuard({ allowed: ['127.0.0.1:5432', '[::1]:9000'] });
    assert.equal(pair.judge('127.0.0.1', 5432), null);
    assert.equal(pair.judge('127.0.0.1', 5433), 'forbidden-address');
    assert.equal(pair.judge('::1', 9000), null);
    assert.equal(pair.judge('::1', 9001), 'forbidden-address');
    assert.equal(pair.isAllowedPair('127.0.0.1', 5432), true);
    assert.equal(pair.isAllowedPair('127.0.0.1', 80), false);
  });
});

describe('ourselves', () => {
  it('SL-26 refuses every address of the host’s interfaces, however it is written', () => {
    const host = makeGuard({ interfaces: ['93.184.215.14', '2606:4700::1234', 'fe80::1%eth0'] });
    assert.equal(host.judge('93.184.215.14', 443), 'self-connection');
    assert.equal(host.judge('::ffff:93.184.215.14', 443), 'self-connection');
    assert.equal(host.judge('2606:4700:0:0:0:0:0:1234', 443), 'self-connection');
    assert.equal(host.judge('93.184.215.15', 443), null);
  });

  it('SL-26 shuts our own ports even where the operator opened the address', () => {
    const host = makeGuard({
      allowed: ['127.0.0.0/8', '93.184.215.14'],
      interfaces: ['93.184.215.14'],
      ownPorts: [8484, 8485],
    });
    for (const address of ['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '93.184.215.14', '::ffff:127.0.0.1']) {
      assert.equal(host.judge(address, 8484), 'self-connection', address);
      assert.equal(host.judge(address, 8485), 'self-connection', address);
    }
    assert.equal(host.judge('127.0.0.1', 9000), null);
    assert.equal(host.judge('93.184.215.14', 443), null);
  });

  it('asks for the interfaces again after a minute', () => {
    let nowMs = 0;
    let interfaces: readonly string[] = [];
    const host = createAddressGuard({
      allowed: parseTargetRules([]),
      denied: parseTargetRules([]),
      interfaceAddresses: () => interfaces,
      ownPorts: () => new Set(),
      monotonicMs: () => nowMs,
    });
    assert.equal(host.judge('93.184.215.14', 443), null);
    interfaces = ['93.184.215.14'];
    assert.equal(host.judge('93.184.215.14', 443), null);
    nowMs = 60_001;
    assert.equal(host.judge('93.184.215.14', 443), 'self-connection');
  });
});
