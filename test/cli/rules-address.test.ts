import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACME, RulesWorkshop } from './rules-workshop.ts';

const shop = new RulesWorkshop();

describe('a bundle of rules at a URL', () => {
  let server: Server;
  let origin = '';
  beforeEach(() => shop.moveHome());
  beforeAll(async () => {
    shop.lists('lists', { 'acme.json': ACME });
    await shop.build('lists', '2027.1.1', 'one.bundle');
    await shop.build('lists', '2027.2.0', 'two.bundle');
    const changed = readFileSync(shop.at('two.bundle'), 'utf8').replace(/"sig":"..../, '"sig":"AAAA');
    writeFileSync(shop.at('changed.bundle'), changed);
    shop.openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'tls.pem', '-out', 'tls.crt'],
    );
    server = createServer(
      { key: readFileSync(shop.at('tls.pem')), cert: readFileSync(shop.at('tls.crt')) },
      (request, response) => {
        if (request.url === '/large') {
          response.writeHead(200);
          const chunk = Buffer.alloc(1024 * 1024, 0x20);
          const more = () => {
            while (response.writable && response.write(chunk));
          };
          response.on('drain', more);
          more();
          return;
        }
        if (request.url === '/elsewhere') {
          response.writeHead(302, { location: `${origin.replace('https', 'http')}/one.bundle` }).end();
          return;
        }
        const name = `${request.url}`.slice(1);
        const found = name.endsWith('.bundle');
        response.writeHead(found ? 200 : 404).end(found ? readFileSync(shop.at(name)) : '');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    origin = `https://127.0.0.1:${address.port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const fetched = (from: string, ...args: string[]) =>
    shop.run(['rules', 'update', '--from', from, '--public-key', 'ours.pub', ...args], {
      NODE_EXTRA_CA_CERTS: shop.at('tls.crt'),
    });

  it('is installed like a file', async () => {
    expect(await fetched(`${origin}/one.bundle`)).toMatchObject({ code: 0, stderr: '' });
    expect(await shop.verdict()).toMatchObject({ verdict: 'clean', ruleset: { version: '2027.1.1' } });
    expect(await fetched(`${origin}/two.bundle`)).toMatchObject({ code: 0, stderr: '' });
    expect((await shop.verdict()).ruleset.version).toBe('2027.2.0');
  });

  it('is refused like a file', async () => {
    await fetched(`${origin}/two.bundle`);
    const installed = readFileSync(join(shop.home, 'rules.json'));
    for (const [name, key, code, message] of [
      ['changed.bundle', 'ours.pub', 1, 'the signature is not by a key'],
      ['two.bundle', 'stranger.pub', 1, 'which is not trusted for rules'],
      ['one.bundle', 'ours.pub', 2, 'is not newer than 2027.2.0, which is installed'],
    ] as const) {
      const refused = await fetched(`${origin}/${name}`, '--public-key', key);
      expect(refused.stderr).toContain(message);
      expect(refused.code).toBe(code);
    }
    expect(readFileSync(join(shop.home, 'rules.json'))).toEqual(installed);
  });

  it('is refused from a server whose certificate does not verify', async () => {
    const { code, stderr } = await shop.update(`${origin}/one.bundle`);
    expect(stderr).toMatch(/certificate/);
    expect(code).toBe(2);
    expect(existsSync(shop.home)).toBe(false);
  });

  it('is refused without TLS, when it is missing, and when it is too large', async () => {
    for (const [from, message] of [
      [`${origin.replace('https', 'http')}/one.bundle`, 'rules cannot be fetched over http'],
      [`${origin}/elsewhere`, 'redirects from https to http'],
      ['file:///etc/passwd', 'rules cannot be fetched over file'],
      [`${origin}/none`, 'has no such file'],
      [`${origin}/large`, 'answers with more than'],
    ] as const) {
      const { code, stderr } = await fetched(from);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
    expect(existsSync(shop.home)).toBe(false);
  });
});
