import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { isAssayError } from '../../../src/core/errors.ts';
import { parseTrustDocument, SIGNER_ROLES } from '../../../src/integrity/trust-file/document.ts';
import { modelTrusts, readTrustFile, refusalOf } from '../../../src/integrity/trust-file/trust-file.ts';
import { makeAuthority } from '../attestations/authority.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-trust-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' });
const keys = generateKeyPairSync('ed25519');
mkdirSync(join(folder, 'keys'));
writeFileSync(join(folder, 'keys/a.pub'), pem(keys.publicKey));
writeFileSync(join(folder, 'keys/b.pub'), pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey));
writeFileSync(join(folder, 'keys/private.pem'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
writeFileSync(join(folder, 'keys/rsa.pub'), pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey));
writeFileSync(join(folder, 'ca.pem'), makeAuthority(folder, 'acme').root);
const path = join(folder, 'trust.yaml');

function read(yaml: string) {
  writeFileSync(path, yaml);
  return readTrustFile(path);
}

async function expectUsage(yaml: string, message: RegExp): Promise<void> {
  const error = await read(yaml).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(isAssayError(error) && error.code).toBe('usage');
  expect(isAssayError(error) && error.subject).toBe(path);
  expect(isAssayError(error) && error.message).toMatch(message);
}

const head = 'version: 1\nsigners:\n';
const signer = (rest: string) => `${head}  - name: a\n${rest.replace(/^/gm, '    ')}\n`;

describe('a trust file', () => {
  it('names signers by key, certificate and identity', async () => {
    const trust = await read(`# ours
version: 1
signers:
  - name: scanner
    key: keys/a.pub
    may: [scan, model-signature]
  - name: release workflow
    keyless:
      identity: https://github.com/acme/models/.github/workflows/release.yml@refs/tags/*
      issuer: https://token.actions.githubusercontent.com
    may: [model-signature]
    notAfter: 2027-01-31T00:00:00Z
  - name: security team
    certificate: { chain: ca.pem, identity: "*@acme.example", validity: now }
    may: [approval, waiver]
    stages: [production]
    roles: [reviewer, security-approver]
`);
    expect(trust.rules.map(({ roles }) => roles)).toEqual([undefined, undefined, ['reviewer', 'security-approver']]);
    expect(trust.rules.map(({ name, trust }) => [name, trust.kind])).toEqual([
      ['scanner', 'key'],
      ['release workflow', 'keyless'],
      ['security team', 'certificate'],
    ]);
    expect(trust.rules[2]?.trust).toMatchObject({ identity: '*@acme.example', validity: 'now' });
    expect(trust.warnings).toEqual([]);
    expect(modelTrusts(trust, new Date('2027-01-01T00:00:00Z')).map(({ kind }) => kind)).toEqual(['key', 'keyless']);
    expect(modelTrusts(trust, new Date('2027-02-01T00:00:00Z')).map(({ kind }) => kind)).toEqual(['key']);
  });

  it('allows a signer only its roles, its stages and its period', async () => {
    const { rules } = await read(
      signer('key: keys/a.pub\nmay: [approval]\nstages: [production]\nnotAfter: 2027-01-31T00:00:00Z'),
    );
    const [rule] = rules;
    if (rule === undefined) throw new Error('no rule');
    const early = new Date('2027-01-01T00:00:00Z');
    expect(refusalOf(rule, { role: 'approval', stage: 'production' }, early)).toBeUndefined();
    expect(refusalOf(rule, { role: 'waiver' }, early)).toBe('"a" may not sign waivers, only approvals');
    expect(refusalOf(rule, { role: 'approval', stage: 'staging' }, early)).toMatch(
      /not approve for staging, only for production/,
    );
    expect(refusalOf(rule, { role: 'approval', stage: 'production' }, new Date('2027-02-01T00:00:00Z'))).toMatch(
      /not been trusted since 2027-01-31/,
    );
  });

  it.each([
    [
      'one signer',
      `${head}  - {name: a, key: keys/a.pub, may: [scan, approval]}`,
      /the same key signs scans and approvals \("a"\)/,
    ],
    [
      'two names of one key',
      `${head}  - {name: a, key: keys/a.pub, may: [decision]}\n  - {name: b, key: ./keys/a.pub, may: [waiver]}`,
      /the same key signs decisions and waivers \("a" and "b"\)/,
    ],
    [
      'two names of one identity',
      `${head}  - {name: a, keyless: {identity: x@acme.example, issuer: https://i.example}, may: [scan]}
  - {name: b, keyless: {identity: x@acme.example, issuer: https://i.example}, may: [approval]}`,
      /the same identity signs scans and approvals/,
    ],
    [
      'two names of one certificate',
      `${head}  - {name: a, certificate: {chain: ca.pem}, may: [scan]}\n  - {name: b, certificate: {chain: ca.pem}, may: [approval]}`,
      /the same certificate signs scans and approvals/,
    ],
  ])('gives a warning when a signer of scans also approves: %s', async (_, yaml, warning) => {
    const { warnings } = await read(yaml);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
  });

  it('gives no warning when scanners and approvers are different signers', async () => {
    const { warnings } = await read(
      `${head}  - {name: a, key: keys/a.pub, may: [scan, decision, snapshot]}\n  - {name: b, key: keys/b.pub, may: [approval, waiver]}`,
    );
    expect(warnings).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ['an empty file', '', /line 1: is of the wrong kind/],
    ['a text', 'trust everybody', /line 1: is of the wrong kind/],
    ['invalid YAML', `${head}  - name: [`, /line 3: is not YAML/],
    ['two documents', `${signer('key: keys/a.pub\nmay: [scan]')}---\nversion: 1\n`, /is not YAML/],
    [
      'a repeated key',
      signer('key: keys/a.pub\nkey: keys/b.pub\nmay: [scan]'),
      /line 5: is not YAML: Map keys must be unique/,
    ],
    ['another version', 'version: 2\nsigners: []\n', /line 1: its version is not 1/],
    ['a missing version', 'signers: []\n', /its version is missing/],
    ['no signers', 'version: 1\nsigners: []\n', /no signer is trusted/],
    [
      'an unknown field',
      signer('key: keys/a.pub\nmay: [scan]\nadmin: true'),
      /line 6: its signers\.0\.admin is an unknown field/,
    ],
    [
      'an unknown role',
      signer('key: keys/a.pub\nmay: [scan, everything]'),
      /line 5: its signers\.0\.may\.1 is not one of model-signature/,
    ],
    ['a missing role', signer('key: keys/a.pub'), /line 3: its signers\.0\.may is missing/],
    ['an empty role', signer('key: keys/a.pub\nmay: []'), /line 5: .*may is empty/],
    ['a repeated role', signer('key: keys/a.pub\nmay: [scan, scan]'), /names an entry twice/],
    ['a missing name', `${head}  - {key: keys/a.pub, may: [scan]}`, /line 3: its signers\.0\.name is missing/],
    [
      'no signing method',
      signer('may: [scan]'),
      /line 3: its signers\.0 does not have exactly one of key, keyless and certificate/,
    ],
    [
      'two signing methods',
      signer('key: keys/a.pub\ncertificate: {chain: ca.pem}\nmay: [scan]'),
      /not have exactly one of/,
    ],
    [
      'a repeated name',
      `${head}  - {name: a, key: keys/a.pub, may: [scan]}\n  - {name: a, key: keys/b.pub, may: [scan]}`,
      /line 4: two signers have the name "a"/,
    ],
    [
      'an alias',
      `${head}  - {name: &a a, key: keys/a.pub, may: [scan]}\n  - {name: *a, key: keys/b.pub, may: [scan]}`,
      /line 4: has an alias/,
    ],
    [
      'approver fields for a scanner',
      signer('key: keys/a.pub\nmay: [scan]\nroles: [reviewer]'),
      /may not approve anything/,
    ],
    [
      'an invalid role',
      signer('key: keys/a.pub\nmay: [approval]\nroles: [viewer]'),
      /line 6: .*is not one of reviewer/,
    ],
    ['an empty list of roles', signer('key: keys/a.pub\nmay: [approval]\nroles: []'), /line 6: .*is empty/],
    ['stages for a scanner', signer('key: keys/a.pub\nmay: [scan]\nstages: [production]'), /may not approve anything/],
    ['an invalid stage', signer('key: keys/a.pub\nmay: [approval]\nstages: [Production]'), /line 6: .*is not a stage/],
    [
      'an end without a time',
      signer('key: keys/a.pub\nmay: [scan]\nnotAfter: 2027-01-31'),
      /line 6: .*is not a time like/,
    ],
    [
      'an identity without an issuer',
      signer('keyless: {identity: a@acme.example}\nmay: [scan]'),
      /line 4: .*issuer is missing/,
    ],
    [
      'an identity that matches everybody',
      signer('keyless: {identity: "**", issuer: https://i.example}\nmay: [scan]'),
      /line 3: the identity of "a": .*everybody/,
    ],
    [
      'a certificate that matches everybody',
      signer('certificate: {chain: ca.pem, identity: "*"}\nmay: [scan]'),
      /line 3: the identity of "a": .*everybody/,
    ],
    [
      'an unknown validity',
      signer('certificate: {chain: ca.pem, validity: always}\nmay: [scan]'),
      /neither issued nor now/,
    ],
    [
      'a missing key file',
      signer('key: keys/c.pub\nmay: [scan]'),
      /line 3: keys\/c\.pub, the file of "a", does not exist/,
    ],
    ['a folder for a key', signer('key: keys\nmay: [scan]'), /keys, the file of "a", cannot be read \(EISDIR\)/],
    [
      'a private key',
      signer('key: keys/private.pem\nmay: [scan]'),
      /keys\/private\.pem, the file of "a", is a private key/,
    ],
    ['a key of an unsupported kind', signer('key: keys/rsa.pub\nmay: [scan]'), /unsupported kind \(RSA 2048\)/],
    [
      'an invalid chain',
      signer('certificate: {chain: keys/a.pub}\nmay: [scan]'),
      /keys\/a\.pub, the file of "a", does not contain a certificate/,
    ],
    [
      'an invalid trusted root',
      signer('keyless: {identity: a@acme.example, issuer: https://i.example, trustedRoot: ca.pem}\nmay: [scan]'),
      /ca\.pem, the file of "a", /,
    ],
    ['too many bytes', `${head}${'#'.repeat(300_000)}`, /has more than 262144 bytes/],
  ])('with %s is refused with the line', async (_, yaml, message) => {
    await expectUsage(yaml, message);
  });

  it('is refused with an error for brackets nested beyond the stack limit', async () => {
    await expectUsage('['.repeat(200_000), /nested too deep|is not YAML/);
  });

  it('that is missing gives an error with its path', async () => {
    await expect(readTrustFile(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(readTrustFile(folder)).rejects.toMatchObject({ code: 'unreadable' });
  });

  it('gives a trust or an error for any bytes', () => {
    const documents = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 300 }).map((text) => Buffer.from(text)),
      fc.jsonValue().map((value) => Buffer.from(stringify(value))),
      fc
        .record({ version: fc.constantFrom(1, 2, '1'), signers: fc.array(entry, { maxLength: 3 }) })
        .map((value) => Buffer.from(stringify(value))),
    );
    fc.assert(
      fc.property(documents, (bytes) => {
        try {
          for (const { may, line } of parseTrustDocument(bytes, 'trust.yaml')) {
            expect(may.length).toBeGreaterThan(0);
            expect(line).toBeGreaterThan(0);
          }
        } catch (error) {
          expect(isAssayError(error) && error.code).toBe('usage');
        }
      }),
      { numRuns: 500 },
    );
  });
});

const entry = fc.dictionary(
  fc.constantFrom('name', 'key', 'keyless', 'certificate', 'may', 'stages', 'notAfter', '__proto__', 'x.y', '<<'),
  fc.oneof(fc.string(), fc.array(fc.constantFrom(...SIGNER_ROLES, 'x')), fc.jsonValue()),
);
