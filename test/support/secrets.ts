import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { SeededRandom } from '../../src/core/random.ts';

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const BASE62 = DIGITS + UPPER + LOWER;
const URL64 = `${BASE62}_-`;
const HEX = `${DIGITS}abcdef`;

/** A kind of secret: what its parts are made of. No secret stands in this repository, so that no service revokes or reports one. */
export interface SecretKind {
  readonly name: string;
  /** The rule that names it. */
  readonly rule: string;
  make(random: SeededRandom): string;
}

function some(random: SeededRandom, alphabet: string, count: number): string {
  return Array.from({ length: count }, () => alphabet[random.below(alphabet.length)]).join('');
}

function bytes(random: SeededRandom, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.below(256)));
}

/** As github.blog/2021-04-05-behind-githubs-new-authentication-token-formats says. */
function checked(random: SeededRandom, prefix: string): string {
  const body = some(random, BASE62, 30);
  let left = crc32(body);
  let sum = '';
  for (; left > 0; left = Math.floor(left / 62)) sum = `${BASE62[left % 62]}${sum}`;
  return `${prefix}${body}${sum.padStart(6, '0')}`;
}

const token = (name: string, make: SecretKind['make']): SecretKind => ({ name, rule: 'secret.token', make });

function macaroon(random: SeededRandom, location: string): string {
  const field = (kind: number, value: Buffer) => Buffer.concat([Buffer.from([kind, value.length]), value]);
  const id = Buffer.from(`${some(random, HEX, 8)}-${some(random, HEX, 27)}`);
  const parts = [Buffer.from([2]), field(1, Buffer.from(location)), field(2, id), Buffer.from([0])];
  const caveat = field(2, Buffer.from('{"version": 1, "permissions": "user"}'));
  parts.push(caveat, Buffer.from([0, 0]), field(6, bytes(random, 32)));
  return `pypi-${Buffer.concat(parts).toString('base64url')}`;
}

function webToken(random: SeededRandom, algorithm: string, size: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'accounts.acme.io', sub: some(random, DIGITS, 12), iat: 1_790_000_000 };
  return `${part({ alg: algorithm, typ: 'JWT' })}.${part(claims)}.${bytes(random, size).toString('base64url')}`;
}

/** The form of `ssh-keygen -t ed25519` without a password (PROTOCOL.key of OpenSSH). */
function openSsh(random: SeededRandom): string {
  const text = (value: Buffer | string) => {
    const body = Buffer.from(value);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(body.length);
    return Buffer.concat([size, body]);
  };
  const open = bytes(random, 32);
  const kind = text('ssh-ed25519');
  const check = bytes(random, 4);
  const closed = [check, check, kind, text(open), text(Buffer.concat([bytes(random, 32), open])), text('me@host')];
  const pad = Buffer.from([1, 2, 3]);
  const number = Buffer.from([0, 0, 0, 1]);
  const head = [Buffer.from('openssh-key-v1\0'), text('none'), text('none'), text(''), number];
  const all = Buffer.concat([...head, text(Buffer.concat([kind, text(open)])), text(Buffer.concat([...closed, pad]))]);
  return pem('OPENSSH PRIVATE KEY', all);
}

function pem(label: string, body: Buffer): string {
  const lines = body.toString('base64').replaceAll(/.{70}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

let rsa: KeyObject | undefined;
/** Making an RSA key takes a while: one is enough. */
function rsaKey(): KeyObject {
  rsa ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return rsa;
}
const ecKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const text = (value: string | Buffer) => value.toString();

const keys: readonly SecretKind[] = [
  ['pkcs8 rsa', () => text(rsaKey().export({ format: 'pem', type: 'pkcs8' }))],
  ['pkcs1 rsa', () => text(rsaKey().export({ format: 'pem', type: 'pkcs1' }))],
  ['sec1', () => text(ecKey().export({ format: 'pem', type: 'sec1' }))],
  ['pkcs8 ec', () => text(ecKey().export({ format: 'pem', type: 'pkcs8' }))],
  ['ed25519', () => text(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }))],
  [
    'encrypted pkcs8',
    () => text(ecKey().export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })),
  ],
  [
    'encrypted pkcs1',
    () => text(rsaKey().export({ format: 'pem', type: 'pkcs1', cipher: 'aes-128-cbc', passphrase: 'x' })),
  ],
].map(([name, make]) => ({ name, rule: 'secret.private-key', make }) as SecretKind);

function putty(random: SeededRandom): string {
  const open =
    bytes(random, 51)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  const closed =
    bytes(random, 36)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [
    'PuTTY-User-Key-File-3: ssh-ed25519',
    'Encryption: none',
    'Comment: eddsa-key-20260101',
    `Public-Lines: ${open.length}`,
    ...open,
    `Private-Lines: ${closed.length}`,
    ...closed,
    `Private-MAC: ${some(random, HEX, 64)}`,
    '',
  ].join('\n');
}

const password = (random: SeededRandom) =>
  `${some(random, LOWER, 5)}${some(random, UPPER, 3)}${some(random, DIGITS, 4)}`;

export const SECRET_KINDS: readonly SecretKind[] = [
  ...keys,
  { name: 'openssh', rule: 'secret.private-key', make: openSsh },
  { name: 'putty', rule: 'secret.private-key', make: putty },
  token('hugging face', (r) => `hf_${some(r, LOWER + UPPER, 34)}`),
  token('hugging face organisation', (r) => `api_org_${some(r, LOWER + UPPER, 34)}`),
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'npm_'].map((prefix) => token(prefix, (r) => checked(r, prefix))),
  token('github fine-grained', (r) => `github_pat_${some(r, BASE62, 22)}_${some(r, BASE62, 59)}`),
  token('gitlab', (r) => `glpat-${some(r, URL64, 19)}${some(r, BASE62, 1)}`),
  token('gitlab routable', (r) => `glpat-${some(r, URL64, 27)}.${some(r, DIGITS, 2)}.${some(r, DIGITS + LOWER, 7)}`),
  token('pypi', (r) => macaroon(r, 'pypi.org')),
  token('testpypi', (r) => macaroon(r, 'test.pypi.org')),
  token('openai', (r) => `sk-${some(r, BASE62, 20)}T3BlbkFJ${some(r, BASE62, 20)}`),
  token('openai project', (r) => `sk-proj-${some(r, URL64, 74)}T3BlbkFJ${some(r, URL64, 73)}A`),
  token('anthropic', (r) => `sk-ant-api03-${some(r, URL64, 93)}AA`),
  token('openrouter', (r) => `sk-or-v1-${some(r, HEX, 64)}`),
  token('slack bot', (r) => `xoxb-${some(r, DIGITS, 12)}-${some(r, DIGITS, 13)}-${some(r, BASE62, 24)}`),
  token(
    'slack user',
    (r) => `xoxp-${some(r, DIGITS, 12)}-${some(r, DIGITS, 12)}-${some(r, DIGITS, 12)}-${some(r, HEX, 32)}`,
  ),
  token('slack app', (r) => `xapp-1-A${some(r, DIGITS + UPPER, 10)}-${some(r, DIGITS, 13)}-${some(r, HEX, 64)}`),
  token('telegram', (r) => `7${some(r, DIGITS, 9)}:AA${some(r, URL64, 32)}${some(r, BASE62, 1)}`),
  token('stripe', (r) => `sk_live_${some(r, BASE62, 24)}`),
  token('stripe restricted', (r) => `rk_live_${some(r, BASE62, 99)}`),
  token('google', (r) => `AIza${some(r, URL64, 34)}${some(r, BASE62, 1)}`),
  token('groq', (r) => `gsk_${some(r, BASE62, 52)}`),
  token('replicate', (r) => `r8_${some(r, BASE62, 37)}`),
  token('databricks', (r) => `dapi${some(r, HEX, 32)}`),
  token('sendgrid', (r) => `SG.${some(r, URL64, 22)}.${some(r, URL64, 42)}A`),
  token('jwt HS256', (r) => webToken(r, 'HS256', 32)),
  token('jwt RS256', (r) => webToken(r, 'RS256', 256)),
  token('jwt ES256', (r) => webToken(r, 'ES256', 64)),
  token('wandb', (r) => `WANDB_API_KEY=${some(r, HEX, 40)}`),
  {
    name: 'aws',
    rule: 'secret.cloud-key',
    make: (r) => `AKIA${some(r, `${UPPER}234567`, 16)}:${some(r, `${BASE62}/+`, 38)}a7`,
  },
  {
    name: 'azure',
    rule: 'secret.cloud-key',
    make: (r) => `AccountName=acme;AccountKey=${bytes(r, 64).toString('base64')};EndpointSuffix=core.windows.net`,
  },
  {
    name: 'azure sas',
    rule: 'secret.cloud-key',
    make: (r) =>
      `https://acme.blob.core.windows.net/models?sv=2023-11-03&sp=rl&se=2027-01-01&sr=c&sig=${encodeURIComponent(bytes(r, 32).toString('base64'))}`,
  },
  {
    name: 'slack webhook',
    rule: 'secret.webhook',
    make: (r) =>
      `https://hooks.slack.com/services/T${some(r, DIGITS + UPPER, 10)}/B${some(r, DIGITS + UPPER, 10)}/${some(r, BASE62, 24)}`,
  },
  {
    name: 'discord webhook',
    rule: 'secret.webhook',
    make: (r) => `https://discord.com/api/webhooks/1${some(r, DIGITS, 18)}/${some(r, URL64, 68)}`,
  },
  { name: 'postgres', rule: 'secret.password', make: (r) => `postgresql://ml:${password(r)}@db.acme.io:5432/models` },
  {
    name: 'mongodb',
    rule: 'secret.password',
    make: (r) => `mongodb+srv://svc:${password(r)}@cluster0.ab1cd.mongodb.net/x`,
  },
  {
    name: 'git credentials',
    rule: 'secret.password',
    make: (r) => `https://acme-bot:${password(r)}${password(r)}@git.acme.io`,
  },
  { name: 'netrc', rule: 'secret.password', make: (r) => `machine api.acme.io login bot password ${password(r)}` },
];

/** What the program that writes a Google key file writes. */
export function serviceAccount(): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: 'acme',
    private_key: rsaKey().export({ format: 'pem', type: 'pkcs8' }),
    client_email: 'svc@acme.iam.gserviceaccount.com',
  });
}

const doubled = (value: string) => JSON.stringify(value);

/** Texts that hold a secret as real files do. */
export const SURROUNDINGS: Readonly<Record<string, { readonly file: string; of(secret: string): string }>> = {
  json: { file: 'config.json', of: (secret) => `{"model_type": "bert", "token": ${doubled(secret)}, "layers": 12}` },
  'one line of JSON': { file: 'log.jsonl', of: (secret) => `{"a": 1}\n{"text": ${doubled(`see\n${secret}`)}}\n` },
  yaml: {
    file: 'train.yaml',
    of: (secret) => `lr: 0.1\nkey: |\n  ${secret.trimEnd().replaceAll('\n', '\n  ')}\nsteps: 10\n`,
  },
  python: { file: 'train.py', of: (secret) => `import os\nKEY = """${secret}"""\nprint(KEY)\n` },
  card: { file: 'README.md', of: (secret) => `# Model\n\nUse it:\n\n\`\`\`\n${secret}\n\`\`\`\n` },
  notebook: {
    file: 'train.ipynb',
    of: (secret) => JSON.stringify({ nbformat: 4, cells: [{ cell_type: 'code', source: [`x = '''${secret}'''`] }] }),
  },
  'UTF-16': { file: 'notes.txt', of: (secret) => `\ufeffNotes of the run.\n${secret}\nEnd.\n` },
  shell: { file: 'run.sh', of: (secret) => `#!/bin/sh\ncurl -H "X: ${secret}" "$HOST"\n` },
};

/** A secret of a kind that is the same for the same seed; keys are new each time. */
export function secretOf(kind: SecretKind, seed: number): string {
  return kind.make(new SeededRandom(seed * 1_000 + [...kind.name].reduce((sum, one) => sum + one.charCodeAt(0), 0)));
}
