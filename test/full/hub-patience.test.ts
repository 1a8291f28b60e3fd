import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { npy } from '../service/hub-proxy/npy.ts';
import { ProxyKit } from '../service/hub-proxy/proxy-kit.ts';
import { fakeFile } from '../support/fake-hub.ts';
import { HOW_HUB_CLIENT, hasHubClient, runHubClient, runPython } from '../support/hub-client.ts';
import { requirePart } from '../support/parts.ts';
import { noise } from '../support/temp.ts';

// By the clock: test/e2e/hub-proxy.test.ts checks the interim responses without it.
requirePart(
  'huggingface_hub',
  hasHubClient,
  HOW_HUB_CLIENT,
  'a Hub that is slower than the timeout of a client',
  () => {
    let kit: ProxyKit;
    let token: string;
    beforeAll(async () => {
      kit = await ProxyKit.start();
      token = await kit.token('users');
    }, 240_000);
    afterAll(() => kit.close());
    function fresh(changes: { env?: NodeJS.ProcessEnv } = {}) {
      const home = join(kit.folder, 'home');
      mkdirSync(home);
      return { endpoint: kit.endpoint, token, home, ...changes };
    }

    test('is waited for by a client of the proxy', async () => {
      const slow = kit.hub.repo('owner/slow');
      const bytes = npy(noise(50_000, 10));
      const commit = slow.commit([fakeFile('w.npy', bytes, { lfs: true })]);
      await kit.scanAndApprove(`hf://owner/slow@${commit}`);
      kit.hub.fail(/GET cdn:/, { delayMs: 14_000 }, 1);
      const impatient = fresh({ env: { HF_HUB_DOWNLOAD_TIMEOUT: '10' } });
      const before = kit.hub.requests.filter(({ server }) => server === 'cdn').length;
      const [file] = await runHubClient(impatient, [
        { do: 'file', repo: 'owner/slow', path: 'w.npy', revision: commit },
      ]);
      expect(readFileSync(file?.answer).equals(bytes)).toBe(true);
      expect(kit.hub.requests.filter(({ server }) => server === 'cdn').length).toBe(before + 1);
    });

    test('is waited for by a client before huggingface_hub 1.0, over http.client', async () => {
      const slow = kit.hub.repo('owner/slower');
      const bytes = npy(noise(1_000, 12));
      const commit = slow.commit([fakeFile('w.npy', bytes, { lfs: true })]);
      await kit.scanAndApprove(`hf://owner/slower@${commit}`);
      kit.hub.fail(/GET cdn:/, { delayMs: 14_000 }, 1);
      const program = [
        'import hashlib, sys, urllib.request',
        'headers = {"authorization": "Bearer " + sys.argv[2], "user-agent": "unknown/None; hf_hub/0.36.0; python/3.11"}',
        'request = urllib.request.Request(sys.argv[1], headers=headers)',
        'print(hashlib.sha256(urllib.request.urlopen(request, timeout=10).read()).hexdigest())',
      ].join('\n');
      const printed = await runPython(program, [`${kit.endpoint}/owner/slower/resolve/${commit}/w.npy`, token]);
      expect(printed.trim()).toBe(slow.commits.get(commit)?.[0]?.oid);
    });
  },
);
