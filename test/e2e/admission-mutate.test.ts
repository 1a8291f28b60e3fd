import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { type FakeHub, fakeFile } from '../support/fake-hub.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { until } from '../support/until.ts';
import { GROUND_PART, HOW_GROUND, hasGround } from './admission/chart.ts';
import { ALL_NAMESPACES, Ground } from './admission/ground.ts';
import type { Model } from './admission/models.ts';
import { need, openHub, type Published } from './admission/office.ts';
import { LABELS, template, vllm } from './admission/sample.ts';

const IMAGE = `ghcr.io/acme/assay@sha256:${'5'.repeat(64)}`;
const FETCH = { pin: 'rewrite', fetch: { image: IMAGE } } as const;

requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  'mutation on a real API server',
  () => {
    let ground: Ground;
    let hub: FakeHub;
    let models: Readonly<Record<Published, Model>>;

    beforeAll(async () => {
      ({ hub, models } = await openHub());
      ground = await Ground.open({ values: [ALL_NAMESPACES, 'mutation.enabled=true'], config: { mutation: FETCH } });
      await approve(['acme/net', 'acme/bert']);
    });
    afterAll(async () => {
      await ground?.close();
      await hub?.close();
    });

    /** A model that was scanned and approved at the Hub, and added to the webhook's snapshot. */
    async function approve(names: readonly Published[]): Promise<void> {
      const { folder } = ground;
      const { privateKey } = generateKeyPairSync('ed25519');
      writeFileSync(join(folder, 'approver.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      writeFileSync(join(folder, 'writer.pem'), ground.writer.key.export({ type: 'pkcs8', format: 'pem' }), {
        mode: 0o600,
      });
      const registry = ['--registry', join(folder, 'models.db')];
      const env = { HF_ENDPOINT: hub.endpoint, HOME: '/nonexistent' };
      for (const name of names) {
        const by = ['--key', join(folder, 'approver.pem'), '-y', '-q'];
        need(await runCli(['approve', `hf://${name}`, '--stage', 'production', ...registry, ...by], { env }));
      }
      const state = join(folder, 'snapshot.json.state.json');
      // The writer continues after the version that the webhook started with.
      for (let version = 0; version < 3; version++) {
        need(
          await runCli(['snapshot', ...registry, '--key', join(folder, 'writer.pem'), '-o', join(folder, 'next.json')]),
        );
      }
      expect(existsSync(state)).toBe(false);
      writeFileSync(ground.file('snapshot.json'), readFileSync(join(folder, 'next.json')));
      await until('the snapshot is held', async () => (await unpinned('acme/net', { dryRun: true })).status === 201);
    }

    const load = ({ repo }: Model, more: object = {}) => ({
      ...vllm(models['acme/net'], more),
      args: ['--model', repo],
    });
    const unpinned = (name: Published, options: object = {}) =>
      ground.pod({ containers: [load(models[name])] }, options);

    describe('of a Pod that names an approved model without a revision', () => {
      it('adds the approved version, which is fetched and verified before the start and is all that the Pod reads', async () => {
        const model = models['acme/net'];
        const { status, body, warnings } = await unpinned('acme/net');
        expect(status, body.message).toBe(201);
        expect(warnings).toContainEqual(expect.stringContaining(model.hub));
        const { initContainers, containers, volumes } = body.spec;
        expect(initContainers).toHaveLength(1);
        expect(initContainers[0]).toMatchObject({
          image: IMAGE,
          args: expect.arrayContaining(['pull', model.hub, '--expect']),
        });
        const [server] = containers;
        expect(server.args.join(' ')).toContain(model.commit);
        const mount = server.volumeMounts.find(({ mountPath }: { mountPath: string }) => mountPath === '/assay/models');
        expect(mount).toMatchObject({ readOnly: true });
        expect(volumes.find(({ name }: { name: string }) => name === mount.name)).toMatchObject({ emptyDir: {} });
        expect(server.env).toContainEqual({ name: 'HF_HUB_OFFLINE', value: '1' });
        // The decision is on the changed object, as it is stored.
        const { rulings } = await ground.webhook.record(({ name }) => name === body.metadata.name);
        expect(rulings.map(({ outcome, reference, container }) => [outcome, reference, container])).toEqual([
          ['approved', model.hub, initContainers[0].name],
          ['approved', model.hub, 'server'],
        ]);
      });

      it('adds an init container that writes the approved bytes, and no others', async () => {
        const { body } = await unpinned('acme/bert');
        const [fetcher] = body.spec.initContainers;
        const cache = join(ground.folder, 'cache');
        mkdirSync(cache);
        const args = fetcher.args.map((arg: string) => arg.replace('/assay/models', cache));
        const env = { HF_ENDPOINT: hub.endpoint, HOME: '/nonexistent' };
        need(await runCli(args, { env }));
        const { repo, commit } = models['acme/bert'];
        const folder = join(cache, 'hub', `models--${repo.replace('/', '--')}`, 'snapshots', commit);
        const original = await fetch(`${hub.endpoint}/${repo}/resolve/${commit}/pytorch_model.bin`);
        expect(readFileSync(join(folder, 'pytorch_model.bin'))).toEqual(Buffer.from(await original.arrayBuffer()));

        // The Hub returns other bytes for the same commit.
        const changed = hub.repo(repo);
        changed.commits.set(commit, [fakeFile('pytorch_model.bin', 'something else'), fakeFile('config.json', '{}')]);
        const other = join(ground.folder, 'other');
        mkdirSync(other);
        const again = await runCli(
          fetcher.args.map((arg: string) => arg.replace('/assay/models', other)),
          { env },
        );
        expect(again.code).toBe(2);
        expect(execFileSync('find', [other, '-type', 'f', '-name', '*.bin'], { encoding: 'utf8' })).toBe('');
      });

      it('uses the generateName, and works in a dry run', async () => {
        const { body } = await unpinned('acme/net', { dryRun: true });
        expect(body.metadata.name).toMatch(/^pod-/);
        expect(body.spec.initContainers).toHaveLength(1);
      });
    });

    it('does not change a Pod with an unapproved model, which is refused', async () => {
      const { status, body } = await unpinned('stray/gadget');
      expect([status, body.message]).toEqual([403, expect.stringContaining('hf://stray/gadget')]);
    });

    it('does not change a Deployment, which is refused when it is not pinned', async () => {
      const spec = {
        selector: { matchLabels: LABELS },
        template: template({ containers: [load(models['acme/net'])] }),
      };
      const { status, body } = await ground.send('apps/Deployment', { spec });
      expect([status, body.message]).toEqual([403, expect.stringContaining('not pinned')]);
    });

    describe('with an existing injection', () => {
      /** A Pod with the webhook's injection, to be changed. */
      async function made() {
        const { body } = await unpinned('acme/net', { dryRun: true });
        return structuredClone(body.spec);
      }
      const send = (spec: object) => ground.pod(spec, { dryRun: true });

      it("accepts the webhook's own injection", async () => {
        const { status, body } = await send(await made());
        expect(status, body.message).toBe(201);
        expect(body.spec.initContainers).toHaveLength(1);
      });

      it.each<[string, (spec: Awaited<ReturnType<typeof made>>) => void]>([
        [
          'another image',
          (spec) => {
            spec.initContainers[0].image = 'ghcr.io/stray/assay:1';
          },
        ],
        [
          'another digest',
          (spec) => {
            spec.initContainers[0].args[5] = `sha256:${'0'.repeat(64)}`;
          },
        ],
        [
          'another command',
          (spec) => {
            spec.initContainers[0].command = ['sh', '-c', 'true'];
          },
        ],
        [
          'a preloaded library',
          (spec) => {
            spec.initContainers[0].env = [{ name: 'NODE_OPTIONS', value: '--require /x.js' }];
          },
        ],
        [
          'a volume that other containers write to',
          (spec) => {
            const { name } = spec.initContainers[0].volumeMounts[0];
            spec.containers.push({ name: 'writer', image: 'busybox', volumeMounts: [{ name, mountPath: '/w' }] });
          },
        ],
        [
          'a persistent volume claim',
          (spec) => {
            const { name } = spec.initContainers[0].volumeMounts[0];
            spec.volumes = [{ name, persistentVolumeClaim: { claimName: 'mine' } }];
          },
        ],
        [
          'a cache in another place',
          (spec) => {
            spec.containers[0].env = spec.containers[0].env.map((entry: { name: string }) =>
              entry.name === 'HF_HUB_CACHE' ? { name: 'HF_HUB_CACHE', value: '/tmp/mine' } : entry,
            );
          },
        ],
        [
          'no init container',
          (spec) => {
            spec.initContainers = [];
          },
        ],
      ])('does not accept an injection with %s', async (_, change) => {
        const spec = await made();
        change(spec);
        const { status, body } = await send(spec);
        if (status === 201) {
          // The injection was made again: the forged one is beside it, and nothing of it is read.
          const fetchers = body.spec.initContainers.filter(({ image }: { image: string }) => image === IMAGE);
          expect(fetchers.length).toBeGreaterThan(0);
          const [server] = body.spec.containers;
          const mount = server.volumeMounts.filter(
            ({ mountPath }: { mountPath: string }) => mountPath === '/assay/models',
          );
          expect(mount).toHaveLength(1);
          expect(
            fetchers.some((one: { volumeMounts: { name: string }[] }) => one.volumeMounts[0]?.name === mount[0].name),
          ).toBe(true);
        } else expect([status, body.message]).toEqual([403, expect.stringMatching(/not verified|cache/)]);
      });

      it('is required for a forged injection: validation alone refuses the Pod', async () => {
        const spec = await made();
        spec.initContainers[0].args[5] = `sha256:${'0'.repeat(64)}`;
        const { path } = await ground.kube.installWebhook(nobody('mutate'));
        const { status, body } = await send(spec);
        await ground.kube.request('DELETE', path);
        await ground.register();
        expect([status, body.message]).toEqual([403, expect.stringMatching(/not verified/)]);
      });
    });

    it('reports a claim that others can write to, and the Pod is refused', async () => {
      const server = { ...load(models['acme/net']), args: ['--model', '/models/llm'] };
      const mounts = { volumeMounts: [{ name: 'models', mountPath: '/models' }] };
      const volumes = [{ name: 'models', persistentVolumeClaim: { claimName: 'shared' } }];
      const { status, body, warnings } = await ground.pod({ containers: [{ ...server, ...mounts }], volumes });
      expect([status, body.message]).toEqual([403, expect.stringContaining('pvc://shared')]);
      expect(warnings.join(' ')).toMatch(/others may write/);
    });

    it('adds only annotations in the mode annotate', async () => {
      ground.configure({ mutation: { pin: 'annotate' }, defaults: { actions: { unpinned: 'warn' } } });
      const model = models['acme/net'];
      await until('pins are annotated', async () => {
        const { body } = await unpinned('acme/net', { dryRun: true });
        return (
          body.spec?.initContainers === undefined &&
          JSON.stringify(body.metadata?.annotations ?? {}).includes(model.commit)
        );
      });
      const { body, warnings } = await unpinned('acme/net');
      expect(body.spec.containers[0].args).toEqual(['--model', model.repo]);
      expect(JSON.stringify(body.metadata.annotations)).toContain(model.hub);
      expect(warnings).toContainEqual(expect.stringContaining('not pinned'));
    });
  },
  STORY,
);

/** A webhook configuration in place of the mutating or the validating one, which matches nothing. */
function nobody(name: string) {
  const rules = [{ apiGroups: ['nobody.example'], apiVersions: ['*'], operations: ['CREATE'], resources: ['nothing'] }];
  const url = 'https://127.0.0.1:1/';
  return { url, caBundle: '', type: 'mutating' as const, name, rules, more: { rules } };
}
