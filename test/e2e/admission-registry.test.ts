import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import type { FakeHub } from '../support/fake-hub.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { until } from '../support/until.ts';
import { GROUND_PART, HOW_GROUND, hasGround } from './admission/chart.ts';
import { Ground } from './admission/ground.ts';
import { type Model, SERVER_DIGEST } from './admission/models.ts';
import { need, Office, openHub, type Published } from './admission/office.ts';
import { vllm } from './admission/sample.ts';
import { Webhook } from './admission/webhook.ts';

requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  'the way from an approval to a Pod, with all its programs,',
  () => {
    let ground: Ground;
    let hub: FakeHub;
    let models: Readonly<Record<Published, Model>>;
    const env = () => ({ HF_ENDPOINT: hub.endpoint, HOME: '/nonexistent' });

    beforeAll(async () => {
      ({ hub, models } = await openHub());
      ground = await Ground.open({
        // The service's snapshots list no images.
        config: { namespaces: [{ names: ['default'], stage: 'production', actions: { none: 'allow' } }] },
        blind: true,
      });
    });
    afterAll(async () => {
      await ground.close();
      await hub.close();
    });

    const pod = (model: Model, more: object = {}) => ground.pod({ containers: [vllm(model, more)] }, { dryRun: true });
    const statusOf = async (model: Model) => (await pod(model)).status;

    describe('from a registry file', () => {
      it('admits what assay approve approved, through the snapshot of assay snapshot', async () => {
        const { folder } = ground;
        writeKeys(folder);
        const registry = ['--registry', join(folder, 'models.db')];
        const by = ['--key', join(folder, 'approver.pem'), '-y', '-q'];
        for (const name of ['acme/iris', 'acme/net'] as const) {
          need(await runCli(['approve', `hf://${name}`, '--stage', 'production', ...registry, ...by], { env: env() }));
        }
        const gadget = ['approve', 'hf://stray/gadget', '--stage', 'production', ...registry, ...by];
        const denied = await runCli(gadget, { env: env() });
        expect([denied.code, denied.stderr]).toEqual([1, expect.stringMatching(/malicious|denied|denies/)]);
        const image = ['--image', SERVER_DIGEST];
        const write = [
          'snapshot',
          ...registry,
          ...image,
          '--key',
          join(folder, 'snapshot.pem'),
          '-o',
          join(folder, 'own.json'),
        ];
        need(await runCli(write));

        const webhook = await Webhook.start([
          ...['--snapshot', join(folder, 'own.json'), '--snapshot-key', join(folder, 'own.pub'), '--poll', '1'],
          ...['--tls-cert', ground.file('tls.crt'), '--tls-key', ground.file('tls.key')],
          ...['--config', ground.file('admission.yaml')],
        ]);
        try {
          await ground.register({ clientConfig: clientConfig(webhook.url, ground.authority.certificate) });
          for (const name of ['acme/iris', 'acme/net'] as const) {
            const { status, body, warnings } = await pod(models[name]);
            expect({ status, message: body.message, warnings }).toMatchObject({ status: 201, warnings: [] });
          }
          for (const name of ['acme/bert', 'stray/gadget'] as const) {
            const { status, body } = await pod(models[name]);
            expect([status, body.message]).toEqual([403, expect.stringContaining(models[name].hub)]);
          }
          // The same commit on another Hub is another model.
          const elsewhere = { env: [{ name: 'HF_ENDPOINT', value: 'https://hub.stray.example' }] };
          expect((await pod(models['acme/iris'], elsewhere)).status).toBe(403);

          need(
            await runCli(['revoke', 'hf://acme/iris', '--reason', 'new evidence', ...registry, '-q'], { env: env() }),
          );
          need(await runCli(write));
          await until('the model is refused', async () => (await statusOf(models['acme/iris'])) === 403);
          expect((await pod(models['acme/iris'])).body.message).toMatch(/not approved/);
          expect(await statusOf(models['acme/net'])).toBe(201);
        } finally {
          await webhook.stop();
          await ground.register();
        }
      });
    });

    describe('from a service', () => {
      let office: Office;
      let webhook: Webhook;

      beforeAll(async () => {
        const folder = join(ground.folder, 'office');
        mkdirSync(folder);
        office = await Office.open(folder, hub);
        writeFileSync(join(folder, 'gate.token'), office.token('gate'), { mode: 0o600 });
        // A service without a version has no snapshot to wait for.
        need(await office.as('alice', 'promote', models['acme/net'].hub, '--stage', 'staging', '-q'));
        // The poll interval alone would take half an hour at least.
        webhook = await Webhook.start([
          ...['--snapshot', office.url, '--snapshot-token-file', join(folder, 'gate.token'), '--poll', '3600'],
          ...['--snapshot-key', join(folder, 'writer.pub'), '--tenant', 'default', '--state', join(folder, 'state')],
          ...['--tls-cert', ground.file('tls.crt'), '--tls-key', ground.file('tls.key')],
          ...['--config', ground.file('admission.yaml'), '--service-url', office.url],
        ]);
        await ground.register({ clientConfig: clientConfig(webhook.url, ground.authority.certificate) });
      });
      afterAll(async () => {
        await webhook?.stop();
        await office?.close();
      });

      it('admits an approved model, and refuses it as soon as the service announces a revocation', async () => {
        const model = models['acme/bert'];
        const before = await pod(model);
        expect(before.status).toBe(403);
        expect(before.body.message).toContain(`See ${office.url}`);

        await office.approve(model.hub);
        await until('the model is admitted', async () => (await statusOf(model)) === 201);
        need(await office.as('bob', 'revoke', model.hub, '--reason', 'its data was poisoned', '-q'));
        await until('the model is refused', async () => (await statusOf(model)) === 403);
        const { body } = await pod(model);
        expect(body.message).toMatch(/is not approved/);
        expect(body.message).toContain(`${office.url}/models/acme/bert/1`);
      });

      it('keeps the last decisions while the service is down, also after a restart', async () => {
        const [good, bad] = [models['acme/iris'], models['acme/bert']];
        await office.approve(good.hub);
        await until('the model is admitted', async () => (await statusOf(good)) === 201);
        await office.down();
        expect([await statusOf(good), await statusOf(bad)]).toEqual([201, 403]);
        await webhook.stop();
        await webhook.again();
        expect([await statusOf(good), await statusOf(bad)]).toEqual([201, 403]);
        await office.start();
        need(await office.as('bob', 'revoke', good.hub, '--reason', 'once more', '-q'));
        // The longer the service was down, the longer the webhook waits before it asks again.
        await until('the model is refused', async () => (await statusOf(good)) === 403);
      });
    });
  },
  STORY,
);

function writeKeys(folder: string): void {
  for (const [name, publicName] of [
    ['approver', 'approver.pub'],
    ['snapshot', 'own.pub'],
  ] as const) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(folder, `${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(join(folder, publicName), publicKey.export({ type: 'spki', format: 'pem' }));
  }
}

function clientConfig(url: string, ca: string) {
  return { url: `${url}/validate`, caBundle: Buffer.from(ca).toString('base64') };
}
