import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConsoleService, EVIL, SAFE, startConsole } from '../../support/console.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
let service: ConsoleService;
let sam: string;
let rita: string;

beforeAll(async () => {
  service = await startConsole(join(folder, 'first'));
  sam = await service.token('sam', ['submitter']);
  rita = await service.token('rita', ['reviewer']);
});
afterAll(() => service.close());

/** A page as somebody with a token sees it, as text. */
async function pageOf(token: string, path: string): Promise<string> {
  const signedIn = await fetch(`${service.url}/signin`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: service.url, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token }),
  });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const answer = await fetch(service.url + path, { headers: { cookie, accept: 'text/html' } });
  expect(answer.status).toBe(200);
  return answer.text();
}
const plain = (html: string) => html.replace(/<[^>]+>/g, '').replace(/\s+/g, ' ');
const NOTE = { path: 'weights.dat', bytes: Buffer.from([7, 1, 9, 0, 200, 3, 251, 90, 17]) };

describe('the page of a version', () => {
  it('names the file and the call of what is denied, and offers no request that would be refused', async () => {
    const { id } = await service.scan(sam, 'acme/evil', [SAFE, EVIL]);
    const page = await pageOf(sam, `/console/versions/${id}`);
    const banner = plain(/<p class="decision[\s\S]*?<\/p>/.exec(page)?.[0] ?? '');
    expect(banner).toContain('Denied');
    expect(banner).toContain(EVIL.path);
    expect(banner).toMatch(/calls? |imports? /);
    expect(page).not.toContain('Request staging');
    expect(plain(page)).toContain('Staging cannot be requested:');
    expect(plain(page)).toContain('Nobody can waive this');
  });

  it('gives the reason of a warning, and never says that nothing was found in what nobody judged', async () => {
    const { id } = await service.scan(sam, 'acme/odd', [NOTE]);
    const page = plain(await pageOf(sam, `/console/versions/${id}`));
    expect(page).toMatch(/Allowed, with warnings ?verdict\.|Denied ?verdict\./);
    expect(page).not.toContain('No findings in its file');
    expect(page).toContain('No scanner judges its file');
  });

  it('shows the way of an unsigned upload to production where it stops', async () => {
    const { id } = await service.scan(sam, 'acme/unsigned', [SAFE]);
    const moved = await service.api(sam, 'POST', `/v1/versions/${id}/transition-requests`, {
      to: 'staging',
      comment: 'x',
    });
    await service.api(rita, 'POST', `/v1/transitions/${moved.id}/approve`, { comment: 'read' });
    const page = await pageOf(sam, `/console/versions/${id}`);
    expect(page).not.toContain('Request production');
    expect(plain(page)).toContain('Production cannot be requested: no signature over every file was verified');
    expect(plain(page)).toContain(
      'let a security approver, who then does not approve these bytes, waive signature.verified',
    );
    expect(page).not.toContain('/console/waivers/new');
    // Who may do the next step gets the way to it.
    const sec = await service.token('sec', ['security-approver']);
    const theirs = await pageOf(sec, `/console/versions/${id}`);
    const [, link = ''] = /href="(\/console\/waivers\/new\?digest=[^"]*rule=signature\.verified)"/.exec(theirs) ?? [];
    expect(await pageOf(sec, link.replaceAll('&amp;', '&'))).toContain('value="signature.verified"');
  });
});

describe('an open request', () => {
  it('shows findings, files, what stands at the stage, and the way to approve', async () => {
    const first = await service.scan(sam, 'acme/two', [SAFE]);
    const asked = await service.api(sam, 'POST', `/v1/versions/${first.id}/transition-requests`, {
      to: 'staging',
      comment: 'please',
    });
    expect(plain(await pageOf(rita, `/console/requests/${asked.id}`))).toContain(
      'No other version of the model stands there.',
    );
    await service.api(rita, 'POST', `/v1/transitions/${asked.id}/approve`, { comment: 'read' });
    const second = await service.scan(sam, 'acme/two', [SAFE, { path: 'README.md', bytes: Buffer.from('# two\n') }]);
    const again = await service.api(sam, 'POST', `/v1/versions/${second.id}/transition-requests`, {
      to: 'staging',
      comment: 'please',
    });
    const page = await pageOf(rita, `/console/requests/${again.id}`);
    for (const text of [
      'Findings',
      'Files',
      'README.md',
      SAFE.path,
      'Compared with what stands at staging',
      'version 1',
      '1 added',
    ])
      expect(plain(page)).toContain(text);
    expect(page).toContain(`href="/console/requests/${again.id}/approve"`);
    const mine = async (token: string) => plain(await pageOf(token, '/console/requests?state=mine'));
    expect(await mine(rita)).toContain('Needs my vote (1)');
    expect(await mine(rita)).toContain('acme/two 2');
    expect(await mine(sam)).toContain('Needs my vote (0)');
    await service.api(rita, 'POST', `/v1/transitions/${again.id}/approve`, { comment: 'read' });
    expect(await mine(rita)).toContain('Nothing waits for your vote');
  });
});

it('the queue shows the verdict of each scan, and the report of an upload the name of its model', async () => {
  const { id, number } = await service.scan(sam, 'acme/named', [EVIL]);
  const { items } = await service.api(sam, 'GET', '/v1/jobs');
  expect(items.find(({ version }: { version: string }) => version === id)).toMatchObject({ decision: 'deny' });
  const queue = plain(await pageOf(sam, '/console/jobs'));
  expect(queue).toMatch(/acme\/named, its job ?Done ?Denied/);
  const headers = { authorization: `Bearer ${sam}` };
  for (const format of ['json', 'markdown', 'html', 'sarif']) {
    const report = await (await fetch(`${service.url}/v1/versions/${id}/report?format=${format}`, { headers })).text();
    expect(report).toContain(`acme/named@${number}`);
  }
});
