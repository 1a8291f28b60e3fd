import { describe, expect, it } from 'vitest';
import { searchBytes } from '../../support/search-bytes.ts';
import { SECRET_KINDS, SURROUNDINGS, secretOf, serviceAccount } from '../../support/secrets.ts';

/** Those of odd seeds were kept back while the forms were written. */
const SEEDS = [1, 2, 3, 4];

const cases = SECRET_KINDS.flatMap((kind) =>
  Object.entries(SURROUNDINGS).map(([where, place]) => ({ kind, where, place })),
);

describe('a secret', () => {
  it.each(cases)('$kind.name in $where is found and not shown', async ({ kind, place }) => {
    for (const seed of SEEDS) {
      const secret = secretOf(kind, seed);
      const text = place.of(secret);
      const bytes = text.startsWith('\ufeff') ? Buffer.from(text, 'utf16le') : Buffer.from(text);
      const reports = await searchBytes(bytes, place.file);
      const own = reports.filter(({ rule }) => rule.id.startsWith('secret.'));
      expect(own.map(({ rule }) => rule.id)).toEqual([kind.rule]);
      const shown = JSON.stringify(reports);
      for (const part of secret.split(/[\s:=@/]+/))
        if (part.length >= 20 && !part.includes('.')) expect(shown).not.toContain(part);
    }
  });

  it('of a service account of Google Cloud is one of a cloud', async () => {
    const reports = await searchBytes(serviceAccount(), 'key.json');
    expect(reports.map(({ rule }) => rule.id)).toEqual(['secret.cloud-key']);
  });
});

/** What documents and tests write where a secret belongs. */
const PLACEHOLDERS: readonly string[] = [
  `hf_${'x'.repeat(34)}`,
  `hf_${'abcdefghij'.repeat(4).slice(0, 34)}`,
  'hf_YourTokenHereYourTokenHereYourToken',
  'AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'AKIAQWERTYUIOPASDFGH without a secret key beside it',
  `ghp_${'0'.repeat(36)}`,
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  `glpat-${'x'.repeat(20)}`,
  `sk-${'x'.repeat(20)}T3BlbkFJ${'x'.repeat(20)}`,
  'sk-your-key-here-T3BlbkFJ-your-key-here',
  'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
  '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-not-35',
  `123456789:AA${'x'.repeat(33)}`,
  'sk_test_4eC39HqLyjWDarjtT1zdp7dc',
  `sk_live_${'1234567890'.repeat(3)}`,
  // The example of jwt.io.
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
  // Its signature was removed.
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhY21lIiwiaWF0IjoxNTE2MjM5MDIyfQ.signature',
  'postgresql://user:password@localhost:5432/db',
  'postgresql://user:Xk29dhq2LLs@localhost:5432/db',
  'postgresql://admin:changeme123@db.acme.io/db',
  'mysql://root:root@mysql.acme.io/db',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as a shell writes it
  'postgresql://svc:${DB_PASSWORD}@db.acme.io/db',
  'postgresql://{user}:{password}@{host}:{port}/{name}',
  'mongodb+srv://<username>:<password>@cluster0.mongodb.net/',
  'https://user:Passw0rd1@example.com/',
  'machine learning login page password reset',
  'machine example.com login daniel password qwerty',
  'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;',
  '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC...\n-----END PRIVATE KEY-----',
  '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----',
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----',
  'WANDB_API_KEY=0000000000000000000000000000000000000000',
  // Random characters alone are no secret: digests, identifiers and keys of caches look so.
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'c29tZSByYW5kb20gYnl0ZXMgdGhhdCBtZWFuIG5vdGhpbmc6IGg5aDFrMmozaDRraDIzNGhr',
  'xq7Gd02LmBv4TzRk9HsYpWc1NfJ8eUaQ',
];

describe('a text that stands for a secret', () => {
  it.each(PLACEHOLDERS)('%s is not reported', async (text) => {
    for (const { file, of } of Object.values(SURROUNDINGS)) {
      const reports = await searchBytes(of(text), file);
      expect(reports.filter(({ rule }) => rule.id.startsWith('secret.'))).toEqual([]);
    }
  });
});

describe('settings of a .env file', () => {
  const text = 'export DB_PASSWORD=v8Kq2LmXz01\nDEBUG=true\nSTRIPE_SECRET=your-secret-here\n';

  it('are reported by their names', async () => {
    const reports = await searchBytes(text, '.env');
    expect(reports.map(({ message, line }) => [message, line])).toEqual([['Holds the setting DB_PASSWORD.', 1]]);
  });

  it.each(['.env.example', 'env.md', 'settings.txt'])('are not in %s', async (file) => {
    expect(await searchBytes(text, file)).toEqual([]);
  });
});

describe('the place of a secret', () => {
  const secret = secretOf(SECRET_KINDS.find(({ name }) => name === 'hugging face') ?? fail(), 1);

  it('is a line of a text, also far into it', async () => {
    for (const before of [0, 1, 20_000, 120_000]) {
      const text = `${'a line of text\n'.repeat(before)}token: ${secret}\n`;
      const [report] = await searchBytes(text, 'notes.txt');
      expect(report?.line).toBe(before + 1);
      expect(report?.offset).toBeUndefined();
    }
  });

  it('is an offset in bytes', async () => {
    const bytes = Buffer.concat([Buffer.from([0x80, 4, 0x8c, 37]), Buffer.from(secret), Buffer.from([0x94, 0x2e])]);
    const [report] = await searchBytes(bytes, 'model.pkl');
    expect(report?.offset).toBe(4);
  });

  it('does not depend on where a search is cut', async () => {
    const step = 1024 * 1024;
    for (const at of [step - 40, step - 20, step - 1, step, step + 5]) {
      const text = `${'.'.repeat(at)} ${secret} ${'.'.repeat(step)}`;
      expect(await searchBytes(text, 'notes.txt')).toHaveLength(1);
    }
  });

  it('may be behind escapes', async () => {
    const hidden = [...secret].map((one) => `\\u00${one.charCodeAt(0).toString(16)}`).join('');
    expect(await searchBytes(`{"a": "${hidden}"}`, 'a.json')).toHaveLength(1);
    const bytes = [...secret].map((one) => `\\x${one.charCodeAt(0).toString(16)}`).join('');
    expect(await searchBytes(`a = "${bytes}"\n`, 'a.py')).toHaveLength(1);
  });
});

function fail(): never {
  throw new Error('there is no such kind');
}
