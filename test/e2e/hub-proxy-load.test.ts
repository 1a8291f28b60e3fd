import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { npy } from '../service/hub-proxy/npy.ts';
import { ProxyKit, TENANT } from '../service/hub-proxy/proxy-kit.ts';
import { LIMITS } from '../service/routes/harness.ts';
import { fakeFile } from '../support/fake-hub.ts';
import {
  HOW_HUB_CLIENT,
  HOW_OLD_HUB_CLIENT,
  hasHubClient,
  hasOldHubClient,
  OLD_HUB_CLIENT,
  runHubClient,
} from '../support/hub-client.ts';
import { requirePart } from '../support/parts.ts';
import { noise } from '../support/temp.ts';
import { until } from '../support/until.ts';

const FILES = 300;
/** A tenth of what the client needs. */
const REQUESTS = 60;

requirePart('huggingface_hub', hasHubClient, HOW_HUB_CLIENT, 'the Hub proxy under a model of many files', () => {
  let kit: ProxyKit;
  let token: string;
  let commit: string;
  let homes = 0;
  const client = (env: NodeJS.ProcessEnv = {}) => {
    homes += 1;
    const home = join(kit.folder, `home-${homes}`);
    mkdirSync(home);
    return { endpoint: kit.endpoint, token, home, env };
  };
  const filesBelow = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'));

  beforeAll(async () => {
    kit = await ProxyKit.start({ config: { limits: { ...LIMITS, requestsPerMinute: REQUESTS } } });
    token = await kit.token('users');
    commit = kit.hub
      .repo('owner/many')
      .commit(Array.from({ length: FILES }, (_, i) => fakeFile(`part/${i}.json`, `{"n":${i}}`)));
    await kit.scanAndApprove(`hf://owner/many@${commit}`);
  }, 240_000);
  afterAll(() => kit.close());

  test('a client reads several hundred files, far beyond the requests of other routes', async () => {
    const [answer] = await runHubClient(client(), [{ do: 'snapshot', repo: 'owner/many', revision: commit }]);
    expect(answer?.message).toBeUndefined();
    expect(filesBelow(answer?.answer)).toHaveLength(FILES);
    expect(readFileSync(join(answer?.answer, 'part/7.json'), 'utf8')).toBe('{"n":7}');
    // Other routes still count.
    const headers = { authorization: `Bearer ${token}` };
    const asked = Array.from({ length: REQUESTS + 1 }, () => fetch(`${kit.service.url}/v1/snapshot`, { headers }));
    expect((await Promise.all(asked)).map(({ status }) => status)).toContain(429);
  });

  requirePart('huggingface_hub 0.23', hasOldHubClient, HOW_OLD_HUB_CLIENT, 'with an old client', () => {
    test('huggingface_hub 0.23 reads them as well', async () => {
      const [answer] = await runHubClient(client(OLD_HUB_CLIENT), [
        { do: 'snapshot', repo: 'owner/many', revision: commit },
      ]);
      expect(answer?.message).toBeUndefined();
      expect(filesBelow(answer?.answer)).toHaveLength(FILES);
    });
  });
});

requirePart('huggingface_hub', hasHubClient, HOW_HUB_CLIENT, 'the Hub proxy during an outage of the Hub', () => {
  test('serves an approved commit that no client has read before, and not one without an approval', async () => {
    const kit = await ProxyKit.start({ handOut: { prefetch: true } });
    try {
      const weights = npy(noise(200_000, 3));
      const files = [fakeFile('config.json', '{"a": 1}'), fakeFile('w.npy', weights, { lfs: true })];
      const approved = kit.hub.repo('owner/kept').commit(files);
      await kit.scanAndApprove(`hf://owner/kept@${approved}`);
      const candidate = kit.hub.repo('owner/other').commit([fakeFile('config.json', '{"b": 2}')]);
      await kit.scan(`hf://owner/other@${candidate}`);
      const blobs = join(kit.folder, 'gate', TENANT, 'blobs');
      const cached = () => (existsSync(blobs) ? readdirSync(blobs).filter((name) => /^[0-9a-f]{64}$/.test(name)) : []);
      await until('the commit is in the cache', () => cached().length === files.length);
      // What is not approved is not fetched.
      expect(cached()).toHaveLength(files.length);
      await kit.hub.close();
      const home = join(kit.folder, 'home');
      mkdirSync(home);
      const asClient = { endpoint: kit.endpoint, token: await kit.token('users'), home };
      const [pinned, main, refused] = await runHubClient(asClient, [
        { do: 'snapshot', repo: 'owner/kept', revision: approved },
        { do: 'snapshot', repo: 'owner/kept' },
        { do: 'snapshot', repo: 'owner/other', revision: candidate },
      ]);
      expect([pinned?.message, main?.message]).toEqual([undefined, undefined]);
      expect(main?.answer).toBe(pinned?.answer);
      expect(readFileSync(join(pinned?.answer, 'w.npy')).equals(weights)).toBe(true);
      expect(refused?.error).toBe('GatedRepoError');
    } finally {
      await kit.close();
    }
  });
});
