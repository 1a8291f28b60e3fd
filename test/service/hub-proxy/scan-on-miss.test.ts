import { afterAll, beforeAll, expect, test } from 'vitest';
import { fakeFile } from '../../support/fake-hub.ts';
import { until } from '../../support/until.ts';
import type { Client } from '../routes/harness.ts';
import { ProxyKit, person } from './proxy-kit.ts';

let kit: ProxyKit;
let client: Client;

beforeAll(async () => {
  kit = await ProxyKit.start({ handOut: { scanOnMiss: true, stage: 'candidate' } });
  client = await kit.service.as('client', ['gate']);
});
afterAll(() => kit.close());

const jobs = async () => (await kit.service.registry.jobs.list(person('reader', ['viewer']))).items;
const ask = async (repo: string, commit: string) => {
  const response = await client.raw(`/hub/${repo}/resolve/${commit}/config.json`, { method: 'HEAD' });
  return {
    status: response.status,
    code: response.headers.get('x-error-code'),
    message: response.headers.get('x-error-message') ?? '',
  };
};

type Asked = Awaited<ReturnType<typeof ask>>;

/** The first response that matches. */
async function answerOnce(repo: string, commit: string, isWanted: (answer: Asked) => boolean): Promise<Asked> {
  let answer = await ask(repo, commit);
  await until(`the scan of ${repo} ends`, async () => {
    answer = await ask(repo, commit);
    return isWanted(answer);
  });
  return answer;
}

test('an unknown model is scanned once on request and served when it is allowed', async () => {
  const commit = kit.hub.repo('owner/new').commit([fakeFile('config.json', '{}')]);
  const [first, second] = await Promise.all([ask('owner/new', commit), ask('owner/new', commit)]);
  expect([first.status, first.code]).toEqual([403, 'GatedRepo']);
  expect(first.message).toMatch(/does not know hf:\/\/owner\/new@[0-9a-f]{40} yet: it(?: is being scanned| *s scan)/);
  expect(second.status).toBe(403);
  const asked = (await jobs()).filter(({ model }) => model === 'owner/new');
  expect(asked).toMatchObject([{ target: `hf://owner/new@${commit}`, createdBy: 'hub-gate' }]);
  await until('it is handed out', async () => (await ask('owner/new', commit)).status === 200);
  expect(await (await client.raw(`/hub/owner/new/resolve/${commit}/config.json`)).text()).toBe('{}');
});

test('a denied model gets the reason and no second scan', async () => {
  const evil = Buffer.from('cos\nsystem\n(S"true"\ntR.');
  const commit = kit.hub.repo('owner/evil').commit([fakeFile('config.json', '{}'), fakeFile('m.pkl', evil)]);
  const answer = await answerOnce('owner/evil', commit, ({ message }) => !/yet/.test(message));
  expect(answer).toMatchObject({ status: 403, code: 'GatedRepo' });
  expect(answer.message).toMatch(/does not serve .* for candidate: .*malicious/);
  expect((await jobs()).filter(({ model }) => model === 'owner/evil')).toHaveLength(1);
});

test('a commit that the Hub does not have starts no scan', async () => {
  kit.hub.repo('owner/empty').commit([fakeFile('config.json', '{}')]);
  const before = (await jobs()).length;
  expect(await ask('owner/empty', 'f'.repeat(40))).toMatchObject({ status: 404 });
  expect(await ask('owner/nowhere', 'f'.repeat(40))).toMatchObject({ status: 404 });
  expect(await jobs()).toHaveLength(before);
});

test('a failed scan is reported and not repeated by each request', async () => {
  const repo = kit.hub.repo('owner/broken');
  const commit = repo.commit([fakeFile('config.json', '{}', { oid: 'a'.repeat(40) })]);
  const answer = await answerOnce('owner/broken', commit, ({ message }) => !/being scanned/.test(message));
  expect(answer.message).toMatch(/its scan failed \(.*git-sha1/);
  await ask('owner/broken', commit);
  expect((await jobs()).filter(({ model }) => model === 'owner/broken')).toHaveLength(1);
});
