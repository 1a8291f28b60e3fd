import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import {
  type VerifyAttestationOptions,
  verifyAttestation,
} from '../../../src/integrity/attestations/verify-attestation.ts';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { IN_TOTO_PAYLOAD } from '../../../src/integrity/envelope/dsse.ts';
import { isSignatureError, type SignatureProblem } from '../../../src/integrity/envelope/signature-error.ts';
import { certificateSigner } from '../../../src/integrity/sign/certificate-signer.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { readIdentityToken } from '../../../src/integrity/sign/keyless/identity-token.ts';
import { keylessSigner } from '../../../src/integrity/sign/keyless/keyless-signer.ts';
import type { PayloadSigner } from '../../../src/integrity/sign/payload-signer.ts';
import { createStatement } from '../../../src/integrity/statements/create.ts';
import { PREDICATE_TYPES, type Statement } from '../../../src/integrity/statements/statement.ts';
import { parseDigest } from '../../../src/integrity/statements/subject.ts';
import type { SignerRole } from '../../../src/integrity/trust-file/document.ts';
import { readTrustFile, type TrustFile, type TrustRule } from '../../../src/integrity/trust-file/trust-file.ts';
import {
  type SigstoreServices,
  startSigstoreServices,
  TEST_IDENTITY,
  TEST_ISSUER,
} from '../../support/sigstore-services.ts';
import { type Authority, makeAuthority } from './authority.ts';
import { bytesOf, COMMIT, INPUTS, KINDS, LATER, NOW, OTHER_TREE, SUBJECTS, sample, TREE } from './samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-attestation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scanner = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const approver = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const about = { subject: parseDigest(TREE, 'x'), now: NOW };

function keyRule(name: string, key: KeyObject, may: readonly SignerRole[], more: Partial<TrustRule> = {}): TrustRule {
  return { name, trust: { kind: 'key', key }, may: new Set(may), ...more };
}

function trusting(...rules: TrustRule[]): TrustFile {
  return { path: 'trust.yaml', rules, warnings: [] };
}

const trust = trusting(
  keyRule('scanner', scanner.publicKey, ['scan']),
  keyRule('approver', approver.publicKey, ['approval', 'waiver'], { stages: ['production'] }),
  keyRule('policy', scanner.publicKey, ['decision']),
);
const signers = { scan: scanner, approval: approver, waiver: approver, decision: scanner } as const;

interface BundleJson {
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid: string }[] };
  verificationMaterial: Record<string, unknown>;
}

async function signed(statement: Statement, signer: PayloadSigner): Promise<BundleJson> {
  return JSON.parse(JSON.stringify(await signStatement(statement, signer)));
}

/** Signs a statement that `signStatement` would refuse. */
async function signedRaw(payload: unknown, key: KeyObject): Promise<BundleJson> {
  return JSON.parse(JSON.stringify(await keySigner(key).sign(IN_TOTO_PAYLOAD, bytesOf(payload))));
}

function verify(bundle: unknown, options: VerifyAttestationOptions = about, by: TrustFile = trust) {
  return verifyAttestation(readBundle(bytesOf(bundle), 'a.json'), by, options);
}

async function expectProblem(work: () => Promise<unknown>, problem: SignatureProblem, message: RegExp): Promise<void> {
  const error = await work().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(String(error)).toMatch(message);
  expect(isSignatureError(error) && error.problem).toBe(problem);
}

describe('an attestation signed with a key', () => {
  it.each(KINDS)('of the kind %s verifies, with its signer and its statement', async (kind) => {
    const bundle = await signed(sample(kind), keySigner(signers[kind].privateKey));
    const verified = await verify(bundle);
    expect(verified.kind).toBe(kind);
    expect(verified.statement).toEqual(sample(kind));
    expect(verified.signer).toMatchObject({ kind: 'key' });
    expect(verified.rule.may.has(kind)).toBe(true);
  });

  it('verifies for every digest of its subjects, and without one', async () => {
    const bundle = await signed(sample('scan'), keySigner(scanner.privateKey));
    for (const digest of [`gitCommit:${COMMIT}`, `sha256:${'c3'.repeat(32)}`, `sha256:${'e5'.repeat(32)}`]) {
      await expect(verify(bundle, { ...about, subject: parseDigest(digest, 'x') })).resolves.toBeDefined();
    }
    await expect(verify(bundle, { now: NOW })).resolves.toBeDefined();
  });

  it('verifies without a key hint if a trusted key signed it', async () => {
    const bundle = await signed(sample('waiver'), keySigner(approver.privateKey));
    bundle.verificationMaterial.publicKey = {};
    expect((await verify(bundle)).rule.name).toBe('approver');
  });

  it('of a bill of materials is accepted from a scanner', async () => {
    const bom = { ...sample('scan'), predicateType: PREDICATE_TYPES['ml-bom'], predicate: { bomFormat: 'CycloneDX' } };
    const verified = await verify(await signedRaw(bom, scanner.privateKey));
    expect([verified.kind, verified.rule.name]).toEqual(['ml-bom', 'scanner']);
  });

  it('of an approval verifies until its end, to the second', async () => {
    const bundle = await signed(sample('approval'), keySigner(approver.privateKey));
    await expect(verify(bundle, { ...about, now: new Date(LATER.getTime() - 1) })).resolves.toBeDefined();
    await expectProblem(
      () => verify(bundle, { ...about, now: LATER }),
      'expired',
      /approval expired at 2099-01-31T00:00:00Z/,
    );
  });
});

describe('an attestation that was tampered with', () => {
  async function tampered(change: (bundle: BundleJson) => void): Promise<unknown> {
    const bundle = await signed(sample('scan'), keySigner(scanner.privateKey));
    change(bundle);
    return bundle;
  }

  const payload = (change: (statement: Record<string, unknown>) => void) => (bundle: BundleJson) => {
    const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString());
    change(statement);
    bundle.dsseEnvelope.payload = bytesOf(statement).toString('base64');
  };

  it.each<[string, (bundle: BundleJson) => void, SignatureProblem, RegExp]>([
    [
      'a changed result',
      payload((it) => void Object.assign(it, { predicate: { result: 'PASSED', configuration: [] } })),
      'signature',
      /this key did not make the signature/,
    ],
    [
      'a changed predicate type',
      payload((it) => void Object.assign(it, { predicateType: PREDICATE_TYPES.decision })),
      'signature',
      /this key did not make the signature/,
    ],
    [
      'a changed subject',
      payload((it) => void Object.assign(it, { subject: [{ digest: { sha256: 'b2'.repeat(32) } }] })),
      'signature',
      /this key did not make the signature/,
    ],
    [
      'a space in the payload',
      ({ dsseEnvelope: it }) => {
        it.payload = Buffer.from(`${Buffer.from(it.payload, 'base64')} `).toString('base64');
      },
      'signature',
      /this key did not make the signature/,
    ],
    [
      'a changed bit of the signature',
      ({ dsseEnvelope: { signatures } }) => {
        const raw = Buffer.from(signatures[0]?.sig ?? '', 'base64');
        raw[raw.length - 1] = (raw.at(-1) ?? 0) ^ 1;
        signatures[0] = { sig: raw.toString('base64'), keyid: '' };
      },
      'signature',
      /this key did not make the signature/,
    ],
    [
      'a second signature',
      ({ dsseEnvelope: { signatures } }) => void signatures.push({ sig: 'AAAA', keyid: '' }),
      'many-signatures',
      /has 2 signatures/,
    ],
    [
      'no signature',
      ({ dsseEnvelope: it }) => void Object.assign(it, { signatures: [] }),
      'no-signature',
      /no signature/,
    ],
    [
      'a changed payload type',
      ({ dsseEnvelope: it }) => void Object.assign(it, { payloadType: 'application/json' }),
      'payload-type',
      /application\/json/,
    ],
    [
      'a changed key hint',
      ({ verificationMaterial: it }) => void Object.assign(it, { publicKey: { hint: 'ab'.repeat(32) } }),
      'untrusted',
      /with a key \(abababababababab\) that the trust file does not list/,
    ],
    [
      'the hint of another listed key',
      ({ verificationMaterial: it }) =>
        void Object.assign(it, {
          publicKey: {
            rawBytes: Buffer.from(approver.publicKey.export({ type: 'spki', format: 'pem' })).toString('base64'),
          },
        }),
      'signature',
      /this key did not make the signature/,
    ],
    [
      'an invalid key',
      ({ verificationMaterial: it }) => void Object.assign(it, { publicKey: { rawBytes: 'AAAA' } }),
      'bundle',
      /cannot be read/,
    ],
  ])('by %s is refused', async (_, change, problem, message) => {
    const bundle = await tampered(change);
    await expectProblem(async () => verify(bundle), problem, message);
  });

  it('in any byte of its payload or signature is refused', async () => {
    const bundle = await signed(sample('waiver'), keySigner(approver.privateKey));
    const part = fc.constantFrom('payload', 'sig');
    await fc.assert(
      fc.asyncProperty(part, fc.nat(), fc.integer({ min: 1, max: 255 }), async (part, at, bits) => {
        const copy: BundleJson = structuredClone(bundle);
        const [signature] = copy.dsseEnvelope.signatures;
        const raw = Buffer.from(part === 'payload' ? copy.dsseEnvelope.payload : (signature?.sig ?? ''), 'base64');
        raw[at % raw.length] = (raw[at % raw.length] ?? 0) ^ bits;
        if (part === 'payload') copy.dsseEnvelope.payload = raw.toString('base64');
        else copy.dsseEnvelope.signatures = [{ sig: raw.toString('base64'), keyid: '' }];
        await expectProblem(() => verify(copy), 'signature', /this key did not make the signature/);
      }),
      { numRuns: 60 },
    );
  });

  it('gives a named refusal for any bundle', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), fc.string()), async (value) => {
        const error = await (async () => verify(value))().catch((error: unknown) => error);
        expect(isSignatureError(error) || isAssayError(error)).toBe(true);
      }),
    );
  });
});

describe('an attestation is refused from', () => {
  it.each<[string, (typeof KINDS)[number], KeyObject, SignatureProblem, RegExp]>([
    ['an unknown signer', 'scan', stranger.privateKey, 'untrusted', /that the trust file does not list/],
    [
      'an approver that signs a scan',
      'scan',
      approver.privateKey,
      'untrusted',
      /"approver" may not sign scans, only approvals, waivers/,
    ],
    [
      'a scanner that signs an approval',
      'approval',
      scanner.privateKey,
      'untrusted',
      /"scanner" may not sign approvals, only scans; "policy" may not sign approvals/,
    ],
    ['a scanner that signs a waiver', 'waiver', scanner.privateKey, 'untrusted', /may not sign waivers/],
    ['an approver that signs a decision', 'decision', approver.privateKey, 'untrusted', /may not sign decisions/],
  ])('%s', async (_, kind, key, problem, message) => {
    const bundle = await signed(sample(kind), keySigner(key));
    await expectProblem(() => verify(bundle), problem, message);
  });

  it('an approver of another stage', async () => {
    const staging = createStatement('approval', { ...INPUTS.approval, stage: 'staging' });
    const bundle = await signed(staging, keySigner(approver.privateKey));
    await expectProblem(() => verify(bundle), 'untrusted', /may not approve for staging, only for production/);
  });

  it('a signer whose right has expired', async () => {
    const over = trusting(
      keyRule('scanner', scanner.publicKey, ['scan'], { notAfter: new Date('2026-11-01T00:00:00Z') }),
    );
    const bundle = await signed(sample('scan'), keySigner(scanner.privateKey));
    await expectProblem(() => verify(bundle, about, over), 'untrusted', /has not been trusted since 2026-11-01/);
  });

  it('a signer that names another verifier in a decision', async () => {
    const decision = createStatement('decision', INPUTS.decision);
    const foreign = { ...decision, predicate: { ...decision.predicate, verifier: { id: 'https://other.example/v1' } } };
    const bundle = await signed(foreign, keySigner(scanner.privateKey));
    await expectProblem(() => verify(bundle), 'untrusted', /"policy" names another verifier .*other\.example/);
  });

  it('a signer with a method that the trust file does not contain', async () => {
    const bundle = await signed(sample('scan'), keySigner(scanner.privateKey));
    const rule = {
      name: 'ca',
      trust: { kind: 'certificate', anchors: [], validity: 'issued' },
      may: new Set<SignerRole>(['scan']),
    } as const;
    await expectProblem(
      () => verify(bundle, about, trusting(rule)),
      'untrusted',
      /signed with a key, but the trust file has no such signer/,
    );
  });
});

describe('an attestation is refused when it', () => {
  it('is about another artifact', async () => {
    const bundle = await signed(sample('scan'), keySigner(scanner.privateKey));
    const other = { ...about, subject: parseDigest(OTHER_TREE, 'x') };
    await expectProblem(() => verify(bundle, other), 'subject', /is not about sha256:b2b2.*hf:\/\/acme\/model/);
  });

  it('is an expired waiver', async () => {
    const bundle = await signed(sample('waiver'), keySigner(approver.privateKey));
    await expectProblem(() => verify(bundle, { ...about, now: LATER }), 'expired', /the waiver expired at 2099-01-31/);
  });

  it('is of an unknown type', async () => {
    const bundle = await signedRaw(
      { ...sample('scan'), predicateType: 'https://slsa.dev/provenance/v0.2' },
      scanner.privateKey,
    );
    await expectProblem(() => verify(bundle), 'predicate', /an unknown type: https:\/\/slsa\.dev\/provenance\/v0\.2/);
  });

  it('waives a malicious verdict', async () => {
    const waiver = createStatement('waiver', { ...INPUTS.waiver, rule: 'verdict.malicious' });
    await expectProblem(
      async () => verify(await signedRaw(waiver, approver.privateKey)),
      'statement',
      /cannot be waived/,
    );
  });

  it('is not a statement', async () => {
    await expectProblem(
      async () => verify(await signedRaw({ a: 1 }, scanner.privateKey)),
      'statement',
      /not a statement/,
    );
  });

  it('has an untrusted signature, before its payload is read', async () => {
    const bundle = await signedRaw({ a: 1 }, stranger.privateKey);
    await expectProblem(() => verify(bundle), 'untrusted', /does not list/);
  });
});

describe('an attestation signed with a certificate', () => {
  let authority: Authority;
  let other: Authority;
  const now = () => ({ subject: parseDigest(TREE, 'x'), now: new Date() });

  beforeAll(() => {
    authority = makeAuthority(folder, 'acme');
    other = makeAuthority(folder, 'evil');
  });

  function certified(by: Authority, mail: string): PayloadSigner {
    const { certificate, privateKey } = by.issue(mail);
    return certificateSigner({
      privateKey: createPrivateKey(readFileSync(privateKey)),
      leaf: new X509Certificate(readFileSync(certificate)),
      chain: [],
    });
  }

  async function trustFile(yaml: string): Promise<TrustFile> {
    writeFileSync(join(folder, 'acme.pem'), authority.root);
    writeFileSync(join(folder, 'trust.yaml'), `version: 1\nsigners:\n${yaml}`);
    return readTrustFile(join(folder, 'trust.yaml'));
  }

  const team =
    '  - {name: team, certificate: {chain: acme.pem, identity: "*@acme.example"}, may: [waiver, approval], stages: [production]}\n';
  const ops = '  - {name: ops, certificate: {chain: acme.pem, identity: ops@acme.example}, may: [scan, decision]}\n';

  it.each(KINDS)('of the kind %s verifies', async (kind) => {
    const trust = await trustFile(team + ops);
    const bundle = await signed(sample(kind), certified(authority, 'ops@acme.example'));
    const verified = await verify(bundle, now(), trust);
    expect(verified.signer).toMatchObject({ kind: 'certificate', names: ['ops@acme.example'] });
    expect(verified.rule.name).toBe(kind === 'scan' || kind === 'decision' ? 'ops' : 'team');
  });

  it('of another authority, of another name, or of a name without the role is refused', async () => {
    const trust = await trustFile(team + ops);
    const byOther = await signed(sample('waiver'), certified(other, 'ops@acme.example'));
    await expectProblem(() => verify(byOther, now(), trust), 'certificate-chain', /no path to a trusted root/);
    const elsewhere = await signed(sample('waiver'), certified(authority, 'ops@acme.example.evil'));
    await expectProblem(() => verify(elsewhere, now(), trust), 'identity', /ops@acme\.example\.evil/);
    const may = await signed(sample('scan'), certified(authority, 'a@acme.example'));
    await expectProblem(() => verify(may, now(), trust), 'untrusted', /"team" may not sign scans/);
  });

  it('and changed afterwards is refused', async () => {
    const trust = await trustFile(ops);
    const bundle = await signed(sample('scan'), certified(authority, 'ops@acme.example'));
    bundle.dsseEnvelope.payload = bytesOf({ ...sample('scan'), subject: SUBJECTS.slice(1) }).toString('base64');
    await expectProblem(() => verify(bundle, now(), trust), 'signature', /is not valid/);
  });
});

describe('a keyless attestation', () => {
  let services: SigstoreServices;
  beforeAll(async () => {
    services = await startSigstoreServices();
  });
  afterAll(() => services.close());

  function keyless(identity: string): PayloadSigner {
    return keylessSigner({
      services: {
        fulcioUrl: services.url,
        logs: [{ url: services.url, version: 1 }],
        timestampUrls: [],
      },
      fetch,
      identityToken: async () => readIdentityToken(services.token({ sub: identity }), 'the test'),
    });
  }

  async function trustFile(identity: string, rest: string, root: unknown = services.trustedRoot): Promise<TrustFile> {
    writeFileSync(join(folder, 'root.json'), JSON.stringify(root));
    const keyless = `{identity: "${identity}", issuer: "${TEST_ISSUER}", trustedRoot: root.json}`;
    writeFileSync(join(folder, 'keyless.yaml'), `version: 1\nsigners:\n  - {name: ci, keyless: ${keyless}, ${rest}}\n`);
    return readTrustFile(join(folder, 'keyless.yaml'));
  }

  const now = () => ({ subject: parseDigest(TREE, 'x'), now: new Date() });

  it.each(KINDS)('of the kind %s verifies', async (kind) => {
    const bundle = await signed(sample(kind), keyless(TEST_IDENTITY));
    const verified = await verify(
      bundle,
      now(),
      await trustFile('https://github.com/acme/models/**', `may: [${kind}]`),
    );
    expect(verified.signer).toMatchObject({ kind: 'sigstore', identity: TEST_IDENTITY, issuer: TEST_ISSUER });
    expect(verified.statement).toEqual(sample(kind));
  });

  it('of another identity, of another instance, or for another statement is refused', async () => {
    const evil = await signed(sample('scan'), keyless('https://github.com/acme-evil/models/x'));
    const acme = await trustFile('https://github.com/acme/**', 'may: [scan]');
    await expectProblem(() => verify(evil, now(), acme), 'identity', /acme-evil/);
    const approval = await signed(sample('approval'), keyless(TEST_IDENTITY));
    await expectProblem(() => verify(approval, now(), acme), 'untrusted', /"ci" may not sign approvals, only scans/);
    const other = await startSigstoreServices();
    const elsewhere = await trustFile('https://github.com/acme/**', 'may: [scan]', other.trustedRoot);
    await other.close();
    const scan = await signed(sample('scan'), keyless(TEST_IDENTITY));
    await expectProblem(() => verify(scan, now(), elsewhere), 'log-entry', /a log that is not trusted/);
  });

  it('and changed afterwards is refused', async () => {
    const bundle = await signed(sample('scan'), keyless(TEST_IDENTITY));
    bundle.dsseEnvelope.payload = bytesOf({ ...sample('scan'), subject: SUBJECTS.slice(1) }).toString('base64');
    const trust = await trustFile('https://github.com/acme/**', 'may: [scan]');
    await expectProblem(() => verify(bundle, now(), trust), 'signature', /this key did not make the signature/);
  });
});
