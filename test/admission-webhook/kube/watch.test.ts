import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { KubeClient } from '../../../admission-webhook/src/kube/client.ts';
import { openKube } from '../../../admission-webhook/src/kube/open-kube.ts';
import { hasKube, KUBE_HOW, type RunningKube, startKube } from '../../support/kube/index.ts';
import { requirePart } from '../../support/parts.ts';
import { configMap, QUICK, Told } from './ground.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

requirePart('API server', hasKube, KUBE_HOW, 'a watch', () => {
  let kube: RunningKube;
  let client: KubeClient;
  let stop = new AbortController();

  beforeAll(async () => {
    kube = await startKube({ users: [{ name: 'alice' }] });
    client = await openKube({ kubeconfig: kube.kubeconfig(), ...QUICK });
  });

  afterEach(() => {
    stop.abort();
    stop = new AbortController();
  });

  afterAll(async () => {
    await client.close();
    await kube.stop();
  });

  function follow(path: string, by: KubeClient = client): Told {
    const told = new Told();
    void by.watch(path, told, stop.signal);
    return told;
  }

  const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 20 });

  it('reports the objects, the end of the list, and each change', async () => {
    await kube.create(configMap('a'));
    const told = follow(`${MAPS}?fieldSelector=metadata.name%3Da`);
    await until(() => expect(told.lines).toEqual(['+a', 'synced']));
    await kube.request('PATCH', `${MAPS}/a`, { data: { x: '1' } });
    await kube.create(configMap('b'));
    await kube.request('DELETE', `${MAPS}/a`);
    await until(() => expect(told.lines).toEqual(['+a', 'synced', '+a', '-a']));
    expect(told.problems).toEqual([]);
  });

  it('stops on request, also during a pause', async () => {
    const told = new Told();
    const own = new AbortController();
    const done = client.watch(MAPS, told, own.signal);
    await until(() => expect(told.lines).toContain('synced'));
    own.abort();
    await done;
    await client.watch(MAPS, told, AbortSignal.abort());
  });

  it('reports what was added, changed and deleted while the server was unavailable', async () => {
    await kube.create(configMap('stays'));
    await kube.create(configMap('goes'));
    const told = follow(MAPS);
    await until(() => expect(told.lines).toContain('synced'));
    await kube.down();
    await until(() => expect(told.problems.length).toBeGreaterThan(2));
    expect(told.problems.at(-1)?.message).toBe(`${kube.server} refuses the connection`);
    told.lines.length = 0;
    // Another client changes objects before the watch reconnects: its first responses come late.
    await kube.up();
    await kube.create(configMap('comes'));
    await kube.request('DELETE', `${MAPS}/goes`);
    await until(() => expect(told.lines).toEqual(expect.arrayContaining(['+comes', '-goes', 'synced'])));
    const problems = told.problems.length;
    await kube.create(configMap('later'));
    await until(() => expect(told.lines.at(-1)).toBe('+later'));
    expect(told.problems.length).toBe(problems);
  });

  it('lists again when its version is gone, and reports what was deleted meanwhile', async () => {
    for (const name of ['stays', 'forgotten']) await kube.create(configMap(name));
    const told = follow(MAPS);
    await until(() => expect(told.lines).toContain('synced'));
    expect(told.lines).toContain('+stays');
    await kube.down();
    told.lines.length = 0;
    await kube.deleteInEtcd('configmaps/default/forgotten');
    await kube.compact();
    await kube.up();
    // Only a new list reports unchanged objects again.
    await until(() => expect(told.lines).toEqual(expect.arrayContaining(['+stays', '-forgotten', 'synced'])));
    expect(
      told.problems.every(({ message }) => /refuses the connection|cannot be reached|answers 5/.test(message)),
    ).toBe(true);
  });

  it('keeps asking while it is forbidden, and succeeds once it is allowed', async () => {
    const alice = await openKube({ kubeconfig: kube.kubeconfig('alice'), ...QUICK });
    const told = follow('/api/v1/nodes', alice);
    await until(() => expect(told.problems.length).toBeGreaterThan(1));
    expect(told.problems[0]).toMatchObject({ status: 403, code: 'unauthorized' });
    expect(told.problems[0]?.message).toMatch(/refuses: nodes is forbidden: User "alice" cannot list resource "nodes"/);
    await kube.grant('alice', [{ apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] }]);
    await until(() => expect(told.lines).toEqual(['synced']));
    await alice.close();
  });

  it('notices a server that sends nothing any more', async () => {
    const timeouts = { silenceMs: 1_500, answerMs: 1_500 };
    const impatient = await openKube({ kubeconfig: kube.kubeconfig(), ...QUICK, timeouts });
    const told = follow(MAPS, impatient);
    await until(() => expect(told.lines).toContain('synced'));
    kube.freeze();
    try {
      await until(() => expect(told.problems.length).toBeGreaterThan(1));
    } finally {
      kube.thaw();
    }
    told.lines.length = 0;
    await until(() => expect(told.lines).toContain('synced'));
    await impatient.close();
  });
});
