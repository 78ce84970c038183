import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client } from 'pg';
import { removeTestServers } from '../../src/storage/testing/test-postgres.ts';
import { type ClusterRig, createClusterRig, type Member, until } from './cluster-rig.ts';

let rig: ClusterRig;
let server: Member;
let owner: Client;
let application: Client;

before(async () => {
  rig = await createClusterRig();
  server = await rig.start('serve');
  await server.ask('/v1/webhooks', {
    body: {
      name: 'outbox',
      dialect: 'standard',
      target: { transport: 'http', url: `${rig.receiver.url}/outbox` },
      events: ['*'],
    },
  });
  owner = await connected(rig.databaseUrl);
  // What docs/guides/run-on-postgres.md tells an application's owner to do.
  await owner.query(`
    DROP ROLE IF EXISTS dam_application;
    CREATE ROLE dam_application LOGIN;
    CREATE SCHEMA dam;
    CREATE TABLE dam.pictures (id text PRIMARY KEY, name text NOT NULL);
    GRANT USAGE ON SCHEMA dam TO dam_application;
    GRANT SELECT, INSERT, UPDATE ON dam.pictures TO dam_application;
    GRANT USAGE ON SCHEMA assetwire TO dam_application;
    GRANT EXECUTE ON FUNCTION assetwire.record_change(text, jsonb) TO dam_application;
  `);
  const url = new URL(rig.databaseUrl);
  url.username = 'dam_application';
  application = await connected(url.href);
});
after(async () => {
  await application.end();
  await owner.query('DROP SCHEMA dam CASCADE; DROP OWNED BY dam_application; DROP ROLE dam_application');
  await owner.end();
  await rig.stop();
  await removeTestServers();
});

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

const record = (change: unknown): Promise<unknown> =>
  application.query('SELECT assetwire.record_change($1, $2)', ['default', JSON.stringify(change)]);

const rename = (externalId: string, name: string) => ({
  kind: 'asset.renamed',
  subject: { type: 'asset', externalId },
  after: { name },
});

const told = (): readonly string[] => rig.receiver.received.map(({ body }) => /"name":"([^"]*)"/.exec(body)?.[1] ?? '');

describe('a change recorded in the application’s own transaction', () => {
  it('commits with the application’s rows, and its deliveries follow', async () => {
    await application.query('BEGIN');
    await application.query("INSERT INTO dam.pictures VALUES ('p1', 'Harbour')");
    await record(rename('p1', 'Harbour'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(told(), [], 'nothing before the commit');
    await application.query('COMMIT');
    await until(() => told().includes('Harbour'), 'the delivery');
    const { data } = await server.ask<{ data: { actor: unknown; kind: string }[] }>('/v1/changes');
    assert.deepEqual(data[0]?.actor, { type: 'source', id: 'dam_application' });
  });

  it('is gone with a rollback', async () => {
    await application.query('BEGIN');
    await application.query("INSERT INTO dam.pictures VALUES ('p2', 'Never')");
    await record(rename('p2', 'Never'));
    await application.query('ROLLBACK');
    await record(rename('p3', 'Afterwards'));
    await until(() => told().includes('Afterwards'), 'the one that was not rolled back');
    assert.equal(told().includes('Never'), false);
  });

  it('changes of one subject are told in the order in which they were recorded, each once', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `name ${String(index).padStart(2, '0')}`);
    await application.query('BEGIN');
    for (const name of names) await record(rename('p4', name));
    await application.query('COMMIT');
    await until(() => told().filter((name) => name.startsWith('name ')).length >= names.length, 'all of them');
    const { data } = await server.ask<{ data: { after: { name: string } }[] }>('/v1/changes?order=oldest&limit=100');
    assert.deepEqual(
      data.map(({ after: { name } }) => name).filter((name) => name.startsWith('name ')),
      names,
    );
  });

  it('bad input is refused at once and told how to mend it', async () => {
    const cases: readonly (readonly [unknown, RegExp, RegExp])[] = [
      [[], /must be a JSON object: found array/, /POST \/v1\/changes/],
      [{ ...rename('x', 'y'), subjekt: 1 }, /known fields: found "subjekt"/, /subject/],
      [{ ...rename('x', 'y'), kind: 'asset.painted' }, /must be a known one: found "asset.painted"/, /asset\.renamed/],
      [{ subject: { type: 'asset', id: '1' } }, /must be a known one: found none/, /asset\.renamed/],
      [{ ...rename('x', 'y'), subject: { type: 'folder', id: '1' } }, /must be of the type/, /"type": "asset"/],
      [{ ...rename('x', 'y'), subject: { type: 'asset' } }, /one of id and externalId: found none/, /your application/],
      [{ ...rename('x', 'y'), after: 'text' }, /after must be an object or null: found string/, /whole state/],
      [rename('x', 'y'.repeat(300_000)), /at most 262144 bytes/, /Leave out/],
    ];
    for (const [change, message, hint] of cases) {
      await assert.rejects(record(change), (error: Error & { hint?: string }) => {
        assert.match(error.message, message);
        assert.match(error.hint ?? '', hint);
        return true;
      });
    }
    await assert.rejects(
      application.query('SELECT assetwire.record_change($1, $2)', ['nowhere', JSON.stringify(rename('x', 'y'))]),
      /found none called "nowhere"/,
    );
  });

  it('the application’s role can record and nothing else, and whoever was not granted it cannot even that', async () => {
    for (const statement of [
      'SELECT * FROM assetwire.duties',
      'INSERT INTO assetwire.duties SELECT * FROM assetwire.duties',
      'SELECT * FROM assetwire.resources',
    ]) {
      await assert.rejects(application.query(statement), /permission denied/, statement);
    }
    await owner.query('CREATE ROLE dam_stranger LOGIN; GRANT USAGE ON SCHEMA assetwire TO dam_stranger');
    const url = new URL(rig.databaseUrl);
    url.username = 'dam_stranger';
    const stranger = await connected(url.href);
    await assert.rejects(
      stranger.query('SELECT assetwire.record_change($1, $2)', ['default', JSON.stringify(rename('x', 'y'))]),
      /permission denied for function record_change/,
    );
    await stranger.end();
    await owner.query('DROP OWNED BY dam_stranger; DROP ROLE dam_stranger');
  });
});
