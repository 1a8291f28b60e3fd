import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBundle, type SignedBundle } from '../../../src/integrity/envelope/bundle.ts';
import { readPublicKey } from '../../../src/integrity/envelope/keys.ts';
import { planOf, readOmsManifest } from '../../../src/integrity/oms/statement.ts';
import { verifyBundle } from '../../../src/integrity/oms/verify.ts';
import type { Trust } from '../../../src/integrity/trust/trust.ts';
import { ROOT } from '../../cli/run-cli.ts';
import { hashFolder } from './model-folder.ts';
import { assessedFor, problemOf } from './signed.ts';

/** Created by fixtures/signatures/make.sh. */
const FIXTURES = join(ROOT, 'fixtures/signatures');
const RELEASES = ['0.2.0', '0.3.0', '0.3.1', '1.0.0', '1.0.1', '1.1.1'];

const bundles = RELEASES.flatMap((release) =>
  readdirSync(join(FIXTURES, 'bundles', release)).map((file) => ({ release, name: file.replace(/\.sig$/, '') })),
);
const bytesOf = (release: string, name: string) => readFileSync(join(FIXTURES, 'bundles', release, `${name}.sig`));
const bundleOf = (release: string, name: string) => readBundle(bytesOf(release, name), `${release}/${name}.sig`);
const pem = (name: string) => readFileSync(join(FIXTURES, 'trust', `${name}.pem`), 'utf8');
const keyTrust = (name: string): Trust => ({ kind: 'key', key: readPublicKey(pem(name), name) });
const chainTrust = (name: string): Trust => ({
  kind: 'certificate',
  anchors: [new X509Certificate(pem(`root-${name}`))],
  validity: 'issued',
});

function trustFor(name: string): Trust {
  const [method = '', which = ''] = name.split('-');
  return method === 'key' ? keyTrust(which) : chainTrust(which);
}

const gitsOwn = new Set(['.gitattributes', '.gitignore']);
const assess = async (bundle: SignedBundle, trust: Trust | undefined) => {
  const files = await hashFolder(join(FIXTURES, 'model'), planOf(readOmsManifest(bundle.envelope)));
  return assessedFor({ signature: 'model.sig', bundle, trust, model: { files, gitsOwn } });
};

/** The files that each release signs, of ten. */
function expected(release: string, name: string) {
  if (name.endsWith('-shards')) {
    const method = 'sha256-sharded-8';
    return release === '1.1.1'
      ? { status: 'partial', method, covered: 7, uncovered: [LOADER], emptyFiles: ['empty.txt'] }
      : { status: 'verified', method, covered: 9, uncovered: [], emptyFiles: ['empty.txt'] };
  }
  const method = /-blake(2b|3)$/.exec(name)?.[0].slice(1) ?? 'sha256';
  if (name.endsWith('-without-sub')) {
    const uncovered = ['sub/b', 'sub/deeper/weights.bin'].map((path) => ({ path, why: 'ignored' }));
    return { status: 'partial', method, covered: 8, uncovered, emptyFiles: [] };
  }
  return release === '1.1.1'
    ? { status: 'partial', method, covered: 8, uncovered: [LOADER], emptyFiles: [] }
    : { status: 'verified', method, covered: 10, uncovered: [], emptyFiles: [] };
}

const nextDigit = (digit: string) => ((Number.parseInt(digit, 16) + 1) % 16).toString(16);

const LOADER = { path: '.github/loader.py', why: 'ignored' };

test('the fixtures contain each release with each signing method that it has', () => {
  const names = (release: string) => bundles.filter((one) => one.release === release).map(({ name }) => name);
  const keys = ['key-p256', 'key-p256-blake2b', 'key-p384', 'key-p521'];
  const chains = ['certificate-ec', 'certificate-rsa'];
  expect(names('0.2.0').sort()).toEqual([...chains, ...keys]);
  for (const release of ['0.3.0', '0.3.1']) expect(names(release).sort()).toEqual([...keys, 'key-p256-shards'].sort());
  for (const release of ['1.0.0', '1.0.1']) {
    expect(names(release).sort()).toEqual([...chains, ...keys, 'key-p256-shards'].sort());
  }
  const more = ['key-p256-blake3', 'key-p256-shards', 'key-p256-without-sub'];
  expect(names('1.1.1').sort()).toEqual([...chains, ...keys, ...more].sort());
});

describe.each(bundles)('the bundle of release $release: $name', ({ release, name }) => {
  test('verifies for each file', async () => {
    const assessment = await assess(bundleOf(release, name), trustFor(name));
    expect(assessment).toMatchObject({ ...expected(release, name), problem: null, changed: [], missing: [] });
    expect(assessment.signer?.kind).toBe(name.split('-')[0]);
  });

  test('is refused when a byte of the payload or the signature is changed', async () => {
    const bundle = bundleOf(release, name);
    const { payload, signature } = bundle.envelope;
    const otherPayload = Buffer.from(payload.toString().replace(/[0-9a-f](?=[0-9a-f]{63}")/, nextDigit));
    expect(otherPayload).not.toEqual(payload);
    const forged = { ...bundle, envelope: { ...bundle.envelope, payload: otherPayload } };
    expect(await problemOf(() => verifyBundle(forged, trustFor(name)))).toMatchObject({ problem: 'signature' });
    const flipped = Buffer.from(signature);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const other = { ...bundle, envelope: { ...bundle.envelope, signature: flipped } };
    expect(await problemOf(() => verifyBundle(other, trustFor(name)))).toMatchObject({ problem: 'signature' });
  });

  test('is not trusted for another signer', async () => {
    const bundle = bundleOf(release, name);
    const [method, which] = name.split('-');
    const other =
      method === 'key' ? keyTrust(which === 'p256' ? 'p384' : 'p256') : chainTrust(which === 'ec' ? 'rsa' : 'ec');
    const { problem } = await problemOf(() => verifyBundle(bundle, other));
    expect(problem).toBe(method === 'key' ? 'key' : 'certificate-chain');
    const wrongWay = method === 'key' ? chainTrust('ec') : keyTrust('p256');
    expect(await problemOf(() => verifyBundle(bundle, wrongWay))).toMatchObject({ problem: 'method' });
    expect(await assess(bundle, undefined)).toMatchObject({ status: 'not-assessed', covered: 0 });
  });
});

test('the encoding that release 0.2.0 signed instead of DSSE is accepted for its own predicate alone', async () => {
  const bundle = bundleOf('0.2.0', 'key-p256');
  expect(readOmsManifest(bundle.envelope).version).toBe('v0.2');
  const renamed = bundle.envelope.payload.toString().replace('Digests/v0.1', 'signature/v1.0');
  const forged = { ...bundle, envelope: { ...bundle.envelope, payload: Buffer.from(renamed) } };
  expect(await problemOf(() => verifyBundle(forged, keyTrust('p256')))).toMatchObject({ problem: 'signature' });
});
