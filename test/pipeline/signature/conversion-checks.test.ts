import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/core/assessment/check.ts';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../../src/integrity/statements/create.ts';
import type { SignerRole } from '../../../src/integrity/trust-file/document.ts';
import type { TrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import { type ConvertModelOptions, convert } from '../../../src/library/convert.ts';
import { assess } from '../../../src/pipeline/assess.ts';
import { openPath } from '../../../src/sources/path/path.ts';
import { INPUTS } from '../../integrity/attestations/samples.ts';
import { call, twoTensors } from '../../support/checkpoint.ts';
import { filesOf, sklearnCase } from '../../support/sklearn-arrays.ts';
import { tempFolder } from '../../support/temp.ts';

const temp = tempFolder();
const converter = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const NAME = 'conversion.intoto.json';
const SKLEARN = new URL('../../../fixtures/convert/sklearn/1.9.1/bayes/gaussian.pkl', import.meta.url).pathname;
let count = 0;

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

function trusting(key: KeyObject = converter.publicKey, may: readonly SignerRole[] = ['conversion']): TrustFile {
  return { path: 't', rules: [{ name: 'converter', trust: { kind: 'key', key }, may: new Set(may) }], warnings: [] };
}

/** A folder with the tensors of a checkpoint, and a signed statement of it. */
async function converted(options: Partial<ConvertModelOptions> = {}, more: Parameters<typeof twoTensors>[0] = {}) {
  const source = join(temp, `m-${count}.pt`);
  const folder = join(temp, `out-${count++}`);
  writeFileSync(source, twoTensors(more));
  const attest = { privateKey: pem(converter.privateKey) };
  await convert(source, { to: 'safetensors', folder, attest, ruleset: 'builtin', ...options });
  return folder;
}

async function checks(folder: string, converters?: TrustFile): Promise<Readonly<Record<string, Check>>> {
  const artifact = await openPath({ kind: 'path', path: folder }, {});
  const assessment = await assess(artifact, { signature: { trusts: [], converters } });
  await artifact.close();
  return Object.fromEntries(
    assessment.checks.filter(({ id }) => id.startsWith('conversion.')).map((one) => [one.id, one]),
  );
}

const statuses = async (folder: string, converters?: TrustFile) =>
  Object.fromEntries(Object.entries(await checks(folder, converters)).map(([id, { status }]) => [id, status]));

const OPEN = { 'conversion.verified': 'not-assessed', 'conversion.source': 'not-assessed' };

describe('the checks of a conversion', () => {
  it('pass for files that a trusted signer converted and verified', async () => {
    const folder = await converted({ verify: {} });
    expect(await statuses(folder, trusting())).toEqual({
      'conversion.attested': 'pass',
      'conversion.verified': 'pass',
      'conversion.source': 'pass',
    });
    const detail = (await checks(folder, trusting()))['conversion.attested']?.detail;
    expect(detail).toMatch(/^"converter" signed that 1 files were converted to safetensors from .*m-\d+\.pt/);
  });

  it('do not take an unverified conversion, or a comparison of the model with itself, for verified', async () => {
    const plain = await checks(await converted(), trusting());
    expect(plain['conversion.verified']).toMatchObject({
      status: 'not-assessed',
      detail: expect.stringContaining('not verified'),
    });
    const folder = join(temp, `out-${count++}`);
    await convert(SKLEARN, { to: 'onnx', folder, verify: {}, attest: { privateKey: pem(converter.privateKey) } });
    const itself = await checks(folder, trusting());
    expect(itself['conversion.attested']?.status).toBe('pass');
    expect(itself['conversion.verified']).toMatchObject({
      status: 'not-assessed',
      detail: expect.stringContaining('itself alone'),
    });
  });

  it('do not take the verification of a graph for that of the SavedModel that is made from it', async () => {
    const folder = join(temp, `out-${count++}`);
    const { inputs, outputs } = filesOf(sklearnCase('bayes/gaussian.pkl'));
    const verify = { inputs: join(temp, 'X.npz'), outputs: join(temp, 'Y.npz') };
    writeFileSync(verify.inputs, inputs);
    writeFileSync(verify.outputs, outputs);
    const attest = { privateKey: pem(converter.privateKey) };
    await convert(SKLEARN, { to: 'savedmodel', folder, verify, attest });
    expect((await checks(folder, trusting()))['conversion.verified']).toMatchObject({
      status: 'not-assessed',
      detail: expect.stringContaining('the ONNX graph that it was translated from was'),
    });
    await convert(SKLEARN, { to: 'onnx', folder: `${folder}-onnx`, verify, attest });
    expect(await statuses(`${folder}-onnx`, trusting())).toMatchObject({ 'conversion.verified': 'pass' });
  });

  it('do not take what code of the model gave in a sandbox for outputs of the source', async () => {
    const folder = join(temp, `out-${count++}`);
    mkdirSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'sub', 'm.onnx'), 'graph');
    const sha256 = createHash('sha256').update('graph').digest('hex');
    const { conversion } = INPUTS.conversion;
    const attest = async (from: 'sandbox' | 'file') => {
      const files = conversion.files.map((file) => {
        const { verification } = file;
        const inputs = { from, sha256: `sha256:${sha256}`, rounded: false };
        return { ...file, sha256, verification: verification === null ? null : { ...verification, inputs } };
      });
      const statement = createStatement('conversion', { conversion: { ...conversion, files }, at: new Date() });
      const bundle = await signStatement(statement, keySigner(converter.privateKey));
      writeFileSync(join(folder, NAME), JSON.stringify(bundle));
    };
    await attest('file');
    expect(await statuses(folder, trusting())).toMatchObject({ 'conversion.verified': 'pass' });
    await attest('sandbox');
    expect((await checks(folder, trusting()))['conversion.verified']).toMatchObject({
      status: 'not-assessed',
      detail: expect.stringContaining('what its code gave in a sandbox'),
    });
  });

  it('carry the verdict of the source', async () => {
    const folder = await converted({ salvage: true, verify: {} }, { x: call('os', 'system', 'x') });
    const found = await checks(folder, trusting());
    expect(found['conversion.attested']?.status).toBe('pass');
    expect(found['conversion.source']).toMatchObject({ status: 'fail', detail: expect.stringContaining('malicious') });
  });

  it.each<[string, (folder: string) => void]>([
    [
      'a changed byte',
      (folder) => {
        const path = join(folder, readFileName());
        const bytes = readFileSync(path);
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
        writeFileSync(path, bytes);
      },
    ],
    ['a file more', (folder) => writeFileSync(join(folder, 'extra.txt'), 'hi')],
    ['a file less', (folder) => rmSync(join(folder, readFileName()))],
    ['another name', (folder) => renameSync(join(folder, readFileName()), join(folder, 'other.safetensors'))],
    [
      'another source in the statement',
      (folder) =>
        changeStatement(folder, (text) => text.replace(/"digest":"sha256:[0-9a-f]{4}/, '"digest":"sha256:0000')),
    ],
    [
      'a better verdict in the statement',
      (folder) => changeStatement(folder, (text) => text.replace('"verdict":"clean"', '"verdict":"fine!"')),
    ],
    ['something else for the statement', (folder) => writeFileSync(join(folder, NAME), '{}')],
    ['bytes behind the statement', (folder) => appendFileSync(join(folder, NAME), '{}')],
  ])('fail for %s, and say nothing of the rest', async (_, change) => {
    const folder = await converted({ verify: {} });
    change(folder);
    expect(await statuses(folder, trusting())).toEqual({ 'conversion.attested': 'fail', ...OPEN });
  });

  it('fail for another key, and for a signer of something else', async () => {
    const folder = await converted({ verify: {} });
    expect(await statuses(folder, trusting(stranger.publicKey))).toEqual({ 'conversion.attested': 'fail', ...OPEN });
    expect(await statuses(folder, trusting(converter.publicKey, ['scan', 'decision']))).toEqual({
      'conversion.attested': 'fail',
      ...OPEN,
    });
  });

  it('are not assessed when nobody is trusted, and absent without an attestation', async () => {
    const folder = await converted({ verify: {} });
    expect(await statuses(folder)).toEqual({ 'conversion.attested': 'not-assessed', ...OPEN });
    expect(await statuses(folder, { path: '', rules: [], warnings: [] })).toEqual({
      'conversion.attested': 'not-assessed',
      ...OPEN,
    });
    rmSync(join(folder, NAME));
    expect(await statuses(folder, trusting())).toEqual({});
  });

  it('do not look at an attestation in a folder within', async () => {
    const folder = await converted({ verify: {} });
    mkdirSync(join(folder, 'sub'));
    renameSync(join(folder, NAME), join(folder, 'sub', NAME));
    expect(await statuses(folder, trusting())).toEqual({});
  });

  function readFileName(): string {
    return `m-${count - 1}.safetensors`;
  }

  function changeStatement(folder: string, change: (text: string) => string): void {
    const bundle = JSON.parse(readFileSync(join(folder, NAME), 'utf8'));
    const before = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
    const after = change(before);
    expect(after).not.toBe(before);
    bundle.dsseEnvelope.payload = Buffer.from(after).toString('base64');
    writeFileSync(join(folder, NAME), JSON.stringify(bundle));
  }
});
