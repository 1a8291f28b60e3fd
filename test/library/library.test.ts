import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as library from '../../src/index.ts';
import { CA, issue, makeKey, openssl, SIGNING } from '../integrity/sign/pki.ts';
import { tempFolder } from '../support/temp.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const BENIGN = join(ROOT, 'fixtures/benign/torch/2.6.0/state-dict.pt');
const MALICIOUS = join(ROOT, 'fixtures/pickle-probes/zip-plain/m.pt');
const folder = tempFolder();

/** A separate model for each test. */
async function copied(name: string): Promise<string> {
  const model = join(folder, name);
  await cp(BENIGN, join(model, 'state-dict.pt'));
  return model;
}

describe('scan', () => {
  it('decides by the given policy and severity', async () => {
    const { assessment, decision } = await library.scan(MALICIOUS, { policy: 'strict', failOn: 'low' });
    expect(decision).toMatchObject({ action: 'deny', policy: 'strict' });
    expect(assessment.files[0]?.verdict).toBe('malicious');
    await expect(library.scan(BENIGN, { policy: 'no-such' })).rejects.toMatchObject({ code: 'usage' });
  });

  it('refuses waivers and allowances within the model', async () => {
    const model = await copied('own-waivers');
    writeFileSync(join(model, 'waivers.yaml'), 'version: 1\nwaivers: []\n');
    await expect(library.scan(model, { waivers: [join(model, 'waivers.yaml')] })).rejects.toMatchObject({
      code: 'usage',
    });
    writeFileSync(join(model, 'allow.yaml'), 'allow: []\n');
    await expect(library.scan(model, { allow: join(model, 'allow.yaml') })).rejects.toMatchObject({ code: 'usage' });
  });

  it('does not allow a folder without a model', async () => {
    const empty = join(folder, 'texts');
    mkdirSync(empty);
    for (const name of ['a.txt', 'b.txt']) writeFileSync(join(empty, name), 'text\n');
    await expect(library.scan(empty)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('stops on an abort signal, and opens no connection with offline', async () => {
    await expect(library.scan(BENIGN, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    await expect(library.scan('hf://acme/model', { offline: true, env: {} })).rejects.toSatisfy(library.isAssayError);
  });
});

describe('sign and verify', () => {
  const key = join(folder, 'key.pem');
  const publicKey = join(folder, 'key.pub');
  beforeAll(() => {
    makeKey(key, 'P-256');
    openssl('pkey', '-in', key, '-pubout', '-out', publicKey);
  });
  const pem = () => readFileSync(key, 'utf8');

  it('succeed for the signing key and unchanged files only', async () => {
    const model = await copied('signed');
    const { files, hash, place } = await library.sign(model, { privateKey: pem() }, { hash: 'blake2b' });
    expect([files, hash, place.signature]).toEqual([1, 'blake2b', join(model, 'model.sig')]);
    expect((await library.verify(model, { publicKey })).verified).toBe(true);
    const other = join(folder, 'other.pub');
    openssl('pkey', '-in', makeKey(join(folder, 'other.key'), 'P-256'), '-pubout', '-out', other);
    expect((await library.verify(model, { publicKey: other })).verified).toBe(false);
    expect((await library.verify(model, {})).verified).toBe(false);
    writeFileSync(join(model, 'more.bin'), 'x');
    const partial = await library.verify(model, { publicKey });
    expect([partial.verified, partial.signature.status]).toEqual([false, 'partial']);
    expect((await library.verify(model, { publicKey, allowPartial: true })).verified).toBe(true);
    writeFileSync(join(model, 'state-dict.pt'), 'changed');
    expect((await library.verify(model, { publicKey, allowPartial: true })).verified).toBe(false);
  });

  it('accept a certificate and its chain', async () => {
    const model = await copied('certified');
    const root = issue(folder, 'root', { kind: 'P-256', extensions: CA });
    const leaf = issue(folder, 'leaf', { kind: 'P-256', issuer: root, extensions: SIGNING });
    const privateKey = readFileSync(leaf.privateKey, 'utf8');
    const certificate = readFileSync(leaf.certificate, 'utf8');
    await library.sign(model, { privateKey, certificate, certificateChain: readFileSync(root.certificate, 'utf8') });
    expect((await library.verify(model, { certificateChain: root.certificate })).verified).toBe(true);
    await expect(library.sign(model, { privateKey: pem(), certificate })).rejects.toMatchObject({ code: 'usage' });
  });

  it('accept a signer of the caller', async () => {
    const model = await copied('own-signer');
    const asked: string[] = [];
    const signer: library.PayloadSigner = {
      sign: async (type) => {
        asked.push(type);
        throw new Error('the KMS is away');
      },
    };
    await expect(library.sign(model, { signer })).rejects.toThrow('the KMS is away');
    expect(asked).toEqual(['application/vnd.in-toto+json']);
    await expect(library.verify(model, { publicKey })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('report an invalid key, path and reference, and write nothing', async () => {
    const model = await copied('refused');
    await expect(library.sign(model, { privateKey: 'no key' })).rejects.toMatchObject({ code: 'usage' });
    await expect(library.sign('hf://acme/model', { privateKey: pem() })).rejects.toMatchObject({ code: 'usage' });
    const taken = join(folder, 'taken.txt');
    writeFileSync(taken, 'mine');
    await expect(library.sign(model, { privateKey: pem() }, { signature: taken })).rejects.toMatchObject({
      code: 'usage',
    });
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    const missing = join(folder, 'no-such-folder', 'model.sig');
    await expect(library.sign(model, { privateKey: pem() }, { signature: missing })).rejects.toMatchObject({
      code: 'unreadable',
      subject: missing,
    });
  });
});

it('the package is installed under its name with the same exports, and loads no native module', () => {
  const project = join(folder, 'project');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(project, 'node_modules', 'assay'));
  const program = `
    import * as assay from 'assay';
    const { decision } = await assay.scan(${JSON.stringify(BENIGN)});
    const native = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'));
    console.log(JSON.stringify([Object.keys(assay).sort(), decision.action, native]));
  `;
  const node = (...args: string[]) =>
    execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8', input: program });
  expect(JSON.parse(node('--input-type=module', '-'))).toEqual([Object.keys(library).sort(), 'allow', []]);
});
