import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type KubeClient,
  openKube,
  patchCaBundle,
  raiseConfigMapFloor,
  readConfigMapFloor,
  readSecret,
  watchNamespaces,
  writeSecret,
} from '../../../admission-webhook/src/kube/index.ts';
import { hasKube, KUBE_HOW, type RunningKube, startKube } from '../../support/kube/index.ts';
import { requirePart } from '../../support/parts.ts';
import { configMap, QUICK } from './ground.ts';

requirePart('API server', hasKube, KUBE_HOW, 'the client of an API server', () => {
  let kube: RunningKube;
  let client: KubeClient;

  beforeAll(async () => {
    kube = await startKube({ users: [{ name: 'alice' }] });
    client = await openKube({ kubeconfig: kube.kubeconfig(), ...QUICK });
  });

  afterAll(async () => {
    await client.close();
    await kube.stop();
  });

  it('lists 3,000 objects in pages, each with its kind, and continues when a page token expires', async () => {
    await kube.createNamespace('many');
    const path = '/api/v1/namespaces/many/configmaps';
    const numbers = Array.from({ length: 3000 }, (_, index) => index);
    for (let from = 0; from < numbers.length; from += 50) {
      const some = numbers.slice(from, from + 50);
      await Promise.all(some.map((n) => kube.create(configMap(`m${n}`), { namespace: 'many' })));
    }
    const names = new Set<string>();
    for await (const object of client.list(path)) {
      const { kind, apiVersion, metadata } = object as { kind: string; apiVersion: string; metadata: { name: string } };
      expect([apiVersion, kind]).toEqual(['v1', 'ConfigMap']);
      names.add(metadata.name);
      if (names.size === 100) {
        // Another object must be written since, so that the old version differs from the current one.
        await kube.create(configMap('between'), { namespace: 'many' });
        await kube.compact();
      }
    }
    expect(numbers.filter((n) => !names.has(`m${n}`))).toEqual([]);
  });

  it('lists objects that are too large for one page', async () => {
    await kube.createNamespace('large');
    const data = { text: 'x'.repeat(900_000) };
    for (let n = 0; n < 50; n++) await kube.create(configMap(`l${n}`, data), { namespace: 'large' });
    let count = 0;
    for await (const _ of client.list('/api/v1/namespaces/large/configmaps')) count++;
    expect(count).toBe(50);
  });

  it('keeps a floor that only rises, whoever raises it', async () => {
    const place = { namespace: 'default', name: 'floor' };
    expect(await readConfigMapFloor(client, place)).toBe(0);
    expect(await raiseConfigMapFloor(client, place, 5)).toBe(5);
    expect(await raiseConfigMapFloor(client, place, 3)).toBe(5);
    expect(await readConfigMapFloor(client, place)).toBe(5);
    const raised = await Promise.all([9, 7, 11, 6].map((version) => raiseConfigMapFloor(client, place, version)));
    expect(Math.max(...raised)).toBe(11);
    expect(await readConfigMapFloor(client, place)).toBe(11);
    await kube.request('PATCH', '/api/v1/namespaces/default/configmaps/floor', { data: { version: 'none' } });
    await expect(readConfigMapFloor(client, place)).rejects.toThrow(/contains no version/);
    await expect(raiseConfigMapFloor(client, place, 99)).rejects.toThrow(/contains no version/);
  });

  it('raises a floor with only the rights to get and patch that ConfigMap', async () => {
    await kube.create(configMap('guarded'));
    const rule = { apiGroups: [''], resources: ['configmaps'], resourceNames: ['guarded'], verbs: ['get', 'patch'] };
    await kube.grant('alice', [rule], 'default');
    const alice = await openKube({ kubeconfig: kube.kubeconfig('alice') });
    expect(await raiseConfigMapFloor(alice, { namespace: 'default', name: 'guarded' }, 4)).toBe(4);
    await expect(raiseConfigMapFloor(alice, { namespace: 'default', name: 'other' }, 4)).rejects.toThrow(/forbidden/);
    await alice.close();
  });

  it('keeps the secret of the first of several concurrent writers', async () => {
    const place = { namespace: 'default', name: 'tls' };
    expect(await readSecret(client, place)).toBeUndefined();
    const secret = (text: string) => ({ type: 'Opaque', data: { 'tls.crt': text } });
    const made = await Promise.all(['a', 'b', 'c'].map((text) => writeSecret(client, place, secret(text), undefined)));
    expect(made.filter(Boolean)).toHaveLength(1);
    const kept = await readSecret(client, place);
    expect(kept?.data.get('tls.crt')?.toString()).toMatch(/^[abc]$/);
    expect(await writeSecret(client, place, secret('new'), kept)).toBe(true);
    expect(await writeSecret(client, place, secret('late'), kept)).toBe(false);
    expect((await readSecret(client, place))?.data.get('tls.crt')?.toString()).toBe('new');
  });

  it('writes the authority into every webhook, and leaves the rest unchanged', async () => {
    const hook = await kube.installWebhook({ url: 'https://127.0.0.1:1/', caBundle: kube.ca, name: 'gate', rules: [] });
    const before = (await kube.request('GET', hook.path)).body;
    const second = { ...before.webhooks[0], name: 'second.assay.dev' };
    await kube.request('PUT', hook.path, { ...before, webhooks: [...before.webhooks, second] });
    const { certificate: pem } = kube.clientCertificate('an-authority');
    const both = `${kube.ca}${pem}`;
    expect(await patchCaBundle(client, 'validating', 'gate', both)).toBe(true);
    expect(await patchCaBundle(client, 'validating', 'gate', both)).toBe(false);
    const after = (await kube.request('GET', hook.path)).body;
    const caBundle = Buffer.from(both).toString('base64');
    expect(after.webhooks).toEqual(
      [before.webhooks[0], second].map((one) => ({ ...one, clientConfig: { ...one.clientConfig, caBundle } })),
    );
    await expect(patchCaBundle(client, 'mutating', 'none', both)).rejects.toMatchObject({ status: 404 });
    // Others change the configuration at the same time: no change is lost.
    const annotate = (n: number) => {
      return kube.request('PATCH', hook.path, { metadata: { annotations: { [`n${n}`]: 'x' } } });
    };
    await Promise.all(
      [0, 1, 2].flatMap((n) => [annotate(n), patchCaBundle(client, 'validating', 'gate', `${both}\n#${n}`)]),
    );
    const { annotations } = (await kube.request('GET', hook.path)).body.metadata;
    expect(Object.keys(annotations).sort()).toEqual(['n0', 'n1', 'n2']);
    await hook.remove();
  });

  it('knows the labels of namespaces, and keeps them while the server is unavailable', async () => {
    const stop = new AbortController();
    await kube.createNamespace('team', { 'assay.dev/admission': 'warn' });
    const namespaces = watchNamespaces(client, stop.signal);
    expect([namespaces.synced(), namespaces.labelsOf('team')]).toEqual([false, undefined]);
    let changes = 0;
    namespaces.onChange(() => changes++);
    await namespaces.ready;
    expect([namespaces.synced(), namespaces.problem(), changes]).toEqual([true, null, 1]);
    expect(namespaces.labelsOf('team')).toMatchObject({ 'assay.dev/admission': 'warn' });
    expect(namespaces.labelsOf('nowhere')).toBeUndefined();
    const path = '/api/v1/namespaces/team';
    await kube.request('PATCH', path, { metadata: { labels: { 'assay.dev/admission': 'enforce' } } });
    const mode = () => namespaces.labelsOf('team')?.['assay.dev/admission'];
    await expect.poll(mode).toBe('enforce');
    await kube.request('PATCH', path, { metadata: { annotations: { of: 'no interest' } } });
    await kube.down();
    await expect.poll(() => namespaces.problem()).toMatch(/refuses the connection/);
    expect(mode()).toBe('enforce');
    await kube.up();
    await expect.poll(() => namespaces.problem()).toBeNull();
    await kube.request('PATCH', path, { metadata: { labels: { 'assay.dev/admission': null } } });
    await expect.poll(mode).toBeUndefined();
    expect(namespaces.labelsOf('team')).toBeDefined();
    stop.abort();
    await namespaces.ended;
  });
});
