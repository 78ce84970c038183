import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDatabaseUrl } from './database-url.ts';

test('a URL of several hosts becomes one for each, with user, database and parameters', () => {
  const read = readDatabaseUrl('postgresql://me:p%23w@a:5433,[::1],c/db?sslmode=verify-full&application_name=x@y');
  assert.deepEqual(read, {
    is: 'read',
    urls: ['a:5433', '[::1]', 'c'].map(
      (host) => `postgresql://me:p%23w@${host}/db?sslmode=verify-full&application_name=x@y`,
    ),
  });
  // As PostgreSQL's own clients and `pg` take it.
  for (const url of [
    'postgres://db/aw',
    'postgres:///aw',
    'postgres://u:p@ss@db/aw',
    'postgres://u:p%ss@db',
    'postgres://db',
  ])
    assert.equal(readDatabaseUrl(url).is, 'read', url);
});

test('what cannot be read is told by what is wrong with it, without the password', () => {
  const wrong = {
    'mysql://u:hunter2@db/x': /a postgres:\/\/ URL: found another one/,
    'postgres://u:hun#ter2@db/x': /percent form \(# as %23/,
    'postgres://u:hun/ter2@db/x': /percent form/,
    'postgres://u:hun?ter2@db/x': /percent form/,
    'postgres://u:hunter2@db:abc/x': /a port from 1 to 65535 behind each host: found abc/,
    'postgres://u:hunter2@db:/x': /a port .*: found none/,
    'postgres://u:hunter2@db:99999/x': /found 99999/,
    'postgres://u:hunter2@a b/x': /found a host that is none/,
    'postgres://u:hunter2@db/x?sslmode=on': /sslmode as one of disable, .*: found on/,
  };
  for (const [url, expected] of Object.entries(wrong)) {
    const read = readDatabaseUrl(url);
    assert.ok(read.is === 'unreadable', url);
    const told = `${read.wanted}: found ${read.found}`;
    assert.match(told, expected, url);
    assert.doesNotMatch(told, /hunter2|ter2/);
  }
});

test('a certificate is looked at in every mode with TLS, said outright', () => {
  const of = (url: string): string | undefined => {
    const read = readDatabaseUrl(url);
    return read.is === 'read' ? read.urls[0] : undefined;
  };
  assert.equal(of('postgres://db/x?a=b&sslmode=require&c=d'), 'postgres://db/x?a=b&sslmode=verify-full&c=d');
  for (const url of ['postgres://db/x?sslmode=disable', 'postgres://db/x?uselibpqcompat=true&sslmode=require'])
    assert.equal(of(url), url);
});
