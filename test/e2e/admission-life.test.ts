import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requirePart, STORY } from '../support/parts.ts';
import { until } from '../support/until.ts';
import { Authority } from './admission/certificates.ts';
import { GROUND_PART, HOW_GROUND, hasGround, OWN_NAMESPACE, RELEASE } from './admission/chart.ts';
import { type Ground, onGround } from './admission/ground.ts';
import { APPROVED, decisions, entryOf, type Model, modelOf, STRAY } from './admission/models.ts';
import { podSpec } from './admission/sample.ts';
import { SnapshotWriter } from './admission/snapshots.ts';

const FLOOR = `configmap://${OWN_NAMESPACE}/${RELEASE}-floor`;
const LATER = modelOf('acme', 'later');

requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  'a webhook on a real API server',
  () => {
    const ground = onGround({
      config: { defaults: { mode: 'enforce' } },
      args: (own) => ['--state', own.file('state'), '--floor', FLOOR],
    });
    beforeAll(() => ground().kube.createNamespace('ml'));
    let version = 1;

    const pod = (model: Model) => ground().pod(podSpec(model), { namespace: 'ml', dryRun: true });
    const publish = async (entries = decisions(), expiresInMs?: number) => {
      version += 1;
      const wanted = { version, entries, ...(expiresInMs === undefined ? {} : { expiresInMs }) };
      await ground().writer.write(ground().file('snapshot.json'), wanted);
      return version;
    };
    const held = async () => (await pod(APPROVED)).status === 201;

    beforeEach(async () => expect((await pod(APPROVED)).status).toBe(201));

    describe('with certificates', STORY, () => {
      it('that rotate, together with snapshots, fails no review', async () => {
        const { authority, webhook } = ground();
        const serials = new Set<string>();
        let [asked, done] = [0, false];
        const isEnough = (times: number) => {
          asked += 1;
          return done && times > 1;
        };
        const asking = Promise.all(Array.from({ length: 8 }, () => askOn(ground(), isEnough)));
        const askedOn = async () => {
          const before = asked;
          await until('the requests continue', () => asked >= before + 40);
        };
        for (let rotation = 0; rotation < 5; rotation++) {
          const before = await publish();
          const serial = authority.issue(ground().file('tls.crt'), ground().file('tls.key'));
          await until(
            'the certificate is served',
            async () => (await peerOf(webhook.url, authority.certificate)) === serial,
          );
          await until(
            'the snapshot is held',
            async () => (await pod(APPROVED)).status === 201 && (await heldVersion(ground())) === before,
          );
          serials.add(serial);
          await askedOn();
        }
        done = true;
        expect(serials.size).toBe(5);
        for (const seen of await asking) expect([...seen.keys()].sort()).toEqual(['approved 201', 'stray 403']);
        expect(asked).toBeGreaterThanOrEqual(200);
      });

      it('of another authority is accepted when that authority was first published beside the old one', async () => {
        const { authority, webhook } = ground();
        const next = new Authority(ground().folder, 'next');
        const told = async (bundle: string) => {
          await ground().register({ clientConfig: clientConfig(webhook.url, bundle) });
          expect((await pod(APPROVED)).status).toBe(201);
        };
        await told(authority.certificate + next.certificate);
        const serial = next.issue(ground().file('tls.crt'), ground().file('tls.key'));
        await until('the certificate is served', async () => (await peerOf(webhook.url, next.certificate)) === serial);
        await told(next.certificate);
        expect((await pod(STRAY)).status).toBe(403);
        // A certificate of an unpublished authority is not trusted: the API server refuses what it would ask about.
        const stranger = new Authority(ground().folder, 'stranger');
        await ground().register({ clientConfig: clientConfig(webhook.url, stranger.certificate) });
        const { status, body } = await pod(APPROVED);
        expect([status, body.message]).toEqual([500, expect.stringMatching(/certificate signed by unknown authority/)]);
        const back = authority.issue(ground().file('tls.crt'), ground().file('tls.key'));
        await until('it is served again', async () => (await peerOf(webhook.url, authority.certificate)) === back);
        await ground().register();
        await until('an approved model is admitted', held);
      });

      it('that cannot be read keeps the old ones in use, and reports the problem', async () => {
        const { authority, webhook } = ground();
        const serial = await peerOf(webhook.url, authority.certificate);
        writeFileSync(ground().file('tls.crt'), 'no certificate');
        try {
          await until('the problem is reported', async () =>
            /certificate: .*tls\.crt.*the last good one stays in use/.test(webhook.said),
          );
          expect(await peerOf(webhook.url, authority.certificate)).toBe(serial);
          expect((await pod(APPROVED)).status).toBe(201);
        } finally {
          authority.issue(ground().file('tls.crt'), ground().file('tls.key'));
        }
        await until(
          'another certificate is served',
          async () => (await peerOf(webhook.url, authority.certificate)) !== serial,
        );
      });
    });

    describe('that is down', () => {
      it('lets no Pod be created, but lets Pods be labelled and deleted', async () => {
        const { webhook, kube } = ground();
        const made = await ground().pod(podSpec(APPROVED), {
          namespace: 'ml',
          metadata: { finalizers: ['acme.example/x'] },
        });
        const path = `/api/v1/namespaces/ml/pods/${made.body.metadata.name}`;
        await webhook.stop('SIGKILL');
        const { status, body } = await pod(APPROVED);
        expect([status, body.message]).toEqual([
          500,
          expect.stringMatching(/failed calling webhook "validate\.admission/),
        ]);
        expect((await kube.request('PATCH', path, { metadata: { labels: { a: 'b' } } })).status).toBe(200);
        expect((await kube.request('PATCH', `${path}/status`, { status: { phase: 'Running' } })).status).toBe(200);
        expect((await kube.request('DELETE', `${path}?gracePeriodSeconds=0`)).status).toBe(200);
        expect((await kube.request('PATCH', path, { metadata: { finalizers: null } })).status).toBe(200);
        expect((await kube.request('GET', path)).status).toBe(404);
        await webhook.again();
        expect((await pod(APPROVED)).status).toBe(201);
      });

      it('and gives no answer makes a request fail after 3 seconds', async () => {
        const { webhook } = ground();
        await ground().register({ timeoutSeconds: 3 });
        webhook.pause();
        const { status, body } = await pod(APPROVED);
        webhook.resume();
        // The message of the API server contains the timeout that it applied.
        expect([status, body.message]).toEqual([
          500,
          expect.stringMatching(/\/validate\?timeout=3s": (?:context deadline exceeded|net\/http: .*timeout)/),
        ]);
        await ground().register();
        await until('an approved model is admitted', held);
      });

      it('with failurePolicy Ignore lets everything be created, so the chart does not use it', async () => {
        const { webhook } = ground();
        await ground().register({ failurePolicy: 'Ignore' });
        expect((await pod(STRAY)).status).toBe(403);
        await webhook.stop('SIGKILL');
        expect((await pod(STRAY)).status).toBe(201);
        await webhook.again();
        expect((await pod(STRAY)).status).toBe(403);
        await ground().register();
      });

      it('answers pending reviews before it stops on a signal', async () => {
        const { webhook } = ground();
        const before = webhook.records.length;
        let done = false;
        const asking = Promise.all(Array.from({ length: 4 }, () => askOn(ground(), () => done)));
        await until('reviews are answered', async () => webhook.records.length > before + 20);
        expect([0, 143]).toContain(await webhook.stop('SIGTERM'));
        const late = await askOn(ground(), (times) => times === 2);
        done = true;
        const answers = new Set([late, ...(await asking)].flatMap((seen) => [...seen.keys()]));
        await webhook.again();
        // Later requests found no server; no review got a wrong answer.
        expect(answers).toEqual(new Set(['approved 201', 'stray 403', 'approved 500', 'stray 500']));
      });
    });

    describe('with snapshots', () => {
      it('loads each new one, and refuses a model that the new one no longer lists', async () => {
        expect((await pod(LATER)).status).toBe(403);
        await publish([...decisions(), entryOf(LATER)]);
        await until('the model is admitted', async () => (await pod(LATER)).status === 201);
        await publish();
        await until('the model is refused', async () => (await pod(LATER)).status === 403);
        await until('the floor is raised', async () => (await floorOf(ground())) === version);
      });

      it('by another signer, changed or truncated, keeps the last valid one', async () => {
        const { writer } = ground();
        const file = ground().file('snapshot.json');
        const good = readFileSync(file);
        const entries = [...decisions(), entryOf(LATER)];
        const stranger = new SnapshotWriter();
        const signed = await writer.sign({ version: version + 1, entries });
        const changed = Buffer.from(signed);
        const at = Math.floor(changed.length / 2);
        changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
        const bad = [await stranger.sign({ version: version + 1, entries }), changed, signed.subarray(0, 1000)];
        for (const bytes of bad) {
          writeFileSync(file, bytes);
          await until('the problem is reported', async () => (await statusOf(ground())).includes('"problem":"'));
          expect((await pod(LATER)).status).toBe(403);
          expect((await pod(APPROVED)).status).toBe(201);
          writeFileSync(file, good);
          await until('the problem is resolved', async () => !(await statusOf(ground())).includes('"problem":"'));
        }
      });

      it('that have expired refuses everything, or warns if it is configured so', async () => {
        await publish(decisions(), -60_000);
        await until('everything is refused', async () => (await pod(APPROVED)).status === 403);
        const { body } = await pod(APPROVED);
        expect(body.message).toMatch(/the snapshot of the webhook expired at \d{4}-/);
        expect(body.message).toContain('assay snapshot');
        ground().configure({ defaults: { mode: 'enforce' }, expired: 'warn' });
        await until('an approved model is admitted', held);
        const warned = await pod(APPROVED);
        expect(warned.warnings).toEqual([expect.stringContaining('expired at')]);
        expect((await pod(STRAY)).status).toBe(403);
        ground().configure({ defaults: { mode: 'enforce' } });
        await until('everything is refused', async () => (await pod(APPROVED)).status === 403);
        await publish();
        await until('an approved model is admitted', held);
      });

      it('keeps the last one over a restart when the source is missing', async () => {
        const { webhook } = ground();
        const file = ground().file('snapshot.json');
        const good = readFileSync(file);
        await webhook.stop();
        rmSync(file);
        await webhook.again();
        expect((await pod(APPROVED)).status).toBe(201);
        expect((await pod(STRAY)).status).toBe(403);
        writeFileSync(file, good);
      });

      it('of an earlier version refuses them after a restart, even with an empty disk', async () => {
        const { webhook, writer } = ground();
        const file = ground().file('snapshot.json');
        const entries = [...decisions(), entryOf(LATER)];
        await publish();
        await until('the floor is raised', async () => (await floorOf(ground())) === version);
        const good = readFileSync(file);
        await webhook.stop();
        rmSync(ground().file('state'), { recursive: true, force: true });
        await writer.write(file, { version: version - 1, entries });
        await webhook.again('unready');
        await until(
          'the snapshot is judged',
          async () => !/the first one is being read/.test((await pod(LATER)).body.message),
        );
        const { status, body } = await pod(LATER);
        expect(status).toBe(403);
        expect(body.message).toMatch(/has no snapshot, so it approves nothing.*version/);
        expect((await fetch(`${webhook.metrics}/readyz`)).status).toBe(503);
        writeFileSync(file, good);
        await until('an approved model is admitted', held);
        expect(existsSync(ground().file('state'))).toBe(true);
      });
    });

    it('with an unreadable configuration keeps the previous one, and reports the problem', async () => {
      const { webhook } = ground();
      writeFileSync(
        ground().file('admission.yaml'),
        'apiVersion: assay.dev/v1\nkind: AdmissionConfig\nspec: {mode: of}\n',
      );
      await until('the problem is reported', async () => webhook.said.includes('admission.yaml:3'));
      expect((await pod(STRAY)).status).toBe(403);
      ground().configure({ defaults: { mode: 'warn' } });
      await until('a stray model is admitted', async () => (await pod(STRAY)).status === 201);
      ground().configure({ defaults: { mode: 'enforce' } });
      await until('a stray model is refused', async () => (await pod(STRAY)).status === 403);
    });
  },
  STORY,
);

function clientConfig(url: string, bundle: string) {
  return { url: `${url}/validate`, caBundle: Buffer.from(bundle).toString('base64') };
}

/** Repeats requests for an approved and a stray model in turn. @returns the count of each answer */
async function askOn(ground: Ground, isEnough: (times: number) => boolean): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  for (let i = 0; !isEnough(i); i++) {
    const [name, model]: readonly [string, Model] = i % 2 === 0 ? ['approved', APPROVED] : ['stray', STRAY];
    const { status } = await ground.pod(podSpec(model), { namespace: 'ml', dryRun: true });
    const answer = `${name} ${status}`;
    seen.set(answer, (seen.get(answer) ?? 0) + 1);
  }
  return seen;
}

/** The serial number of the certificate of a new connection; `undefined` when its authority is another. */
function peerOf(url: string, ca: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), ca }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once('error', () => resolve(undefined));
  });
}

async function heldVersion({ webhook }: Ground): Promise<number> {
  const { snapshotVersion } = await webhook.record(() => true);
  return snapshotVersion ?? 0;
}

function statusOf({ webhook }: Ground): Promise<string> {
  return webhook.get('/status');
}

async function floorOf({ kube }: Ground): Promise<number> {
  const { body } = await kube.request('GET', `/api/v1/namespaces/${OWN_NAMESPACE}/configmaps/${RELEASE}-floor`);
  return Number(Object.values(body.data ?? {})[0]);
}
