import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { readGivenEvidence } from '../../../src/pipeline/judging/waivers.ts';
import { attestTraining } from '../../../src/pipeline/lineage/attest.ts';
import { assessLineage, type LineageOptions } from '../../../src/pipeline/lineage/lineage.ts';
import { openArtifact } from '../../../src/sources/index.ts';

const FIXTURES = new URL('../../../fixtures/lineage/', import.meta.url).pathname;
let folder: string;
const at = (name: string) => join(folder, name);
const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const stranger = generateKeyPairSync('ed25519');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-lineage-'));
  cpSync(join(FIXTURES, 'dvc'), at('dvc'), { recursive: true });
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
  writeFileSync(at('ci.pub'), pem(keys.publicKey));
  const signer = (may: string) => `version: 1\nsigners: [{name: ci, key: ci.pub, may: [${may}]}]\n`;
  writeFileSync(at('trust.yaml'), signer('training'));
  writeFileSync(at('others.yaml'), signer('scan, tests, conversion, approval, waiver, decision'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Asked = Omit<Partial<LineageOptions>, 'model'> & { readonly model?: string };

async function assessed({ model: path, ...options }: Asked = {}) {
  const artifact = path === undefined ? undefined : await openArtifact(path, {});
  try {
    return await assessLineage({ data: [], manifests: [], ...options, model: artifact });
  } finally {
    await artifact?.close();
  }
}

function linesOf({ lineage: { nodes, edges } }: Awaited<ReturnType<typeof assessed>>): string[] {
  const name = (id: string | null) => nodes.find((node) => node.id === id)?.name ?? 'nothing';
  return edges.map(({ from, relation, to, status, why }) => `${name(from)} ${relation} ${name(to)}: ${status}: ${why}`);
}

/** Signs what is at hand, and reads it back as a scan does. */
async function attested(options: Asked, key: KeyObject = keys.privateKey, trust = 'trust.yaml') {
  const file = at(`${createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 8)}.intoto.json`);
  writeFileSync(file, await attestTraining(await assessed(options), keySigner(key)));
  return readGivenEvidence({ waivers: [], attestation: [file], trust: at(trust) }, {}, new Date());
}

const REPO = () => ({ model: at('dvc/model.bin'), manifests: [at('dvc/dvc.lock')] });

describe('the lineage of a repository of DVC', () => {
  it('agrees with the bytes, the listing of a folder included', async () => {
    const lineage = await assessed(REPO());
    expect(lineage.check.status).toBe('not-assessed');
    expect(linesOf(lineage)).toEqual(
      expect.arrayContaining([
        'model.bin trained by train: claimed: the document says so',
        'train trained on data/train.csv: claimed: the document says so',
        'train trained on images: claimed: the document says so',
        expect.stringMatching(/^images describes nothing: claimed: has the MD5/),
        expect.stringMatching(/^data\/train\.csv describes nothing: claimed: has the MD5/),
      ]),
    );
  });

  it.each<[string, () => void, RegExp]>([
    ['a file', () => writeFileSync(at('changed/data/train.csv'), 'x'), /^data\/train\.csv has md5:/],
    ['a file of a folder', () => writeFileSync(at('changed/images/more/b.png'), 'x'), /^images has md5:/],
    ['a folder by one more file', () => writeFileSync(at('changed/images/c.png'), 'x'), /^images has md5:/],
    ['the model', () => writeFileSync(at('changed/model.bin'), 'x'), /^model\.bin has md5:/],
  ])('is broken by a change of %s', async (_, change, detail) => {
    rmSync(at('changed'), { recursive: true, force: true });
    cpSync(join(FIXTURES, 'dvc'), at('changed'), { recursive: true });
    change();
    const { check } = await assessed({ model: at('changed/model.bin'), manifests: [at('changed/dvc.lock')] });
    expect(check).toMatchObject({ status: 'fail', detail: expect.stringMatching(detail) });
  });

  it('is verified once somebody who is trusted signs it', async () => {
    const { training, attestations } = await attested(REPO());
    expect(attestations).toMatchObject([
      { standing: 'valid', detail: expect.stringContaining('a training run by ci') },
    ]);
    expect(training[0]).toMatchObject({
      signer: 'ci',
      run: 'train',
      inputs: [
        { role: 'data', name: 'data/train.csv' },
        { role: 'data', name: 'images/a.png' },
        { role: 'data', name: 'images/more/b.png' },
        { role: 'code', name: 'train.py' },
      ],
    });
    const data = ['dvc/data/train.csv', 'dvc/images/a.png', 'dvc/images/more/b.png'].map(at);
    const { check } = await assessed({ ...REPO(), data, trainings: training });
    expect(check).toEqual({
      id: 'data.provenance',
      status: 'pass',
      detail: '"ci" signed it: train had 3 files of data, 3 of them at hand',
    });
  });
});

describe('a signed training run', () => {
  it.each<[string, () => Asked, string, RegExp]>([
    [
      'another model',
      () => ({ model: at('dvc/train.py') }),
      'not-assessed',
      /no attested run wrote the whole of train\.py/,
    ],
    ['no model', () => ({}), 'not-assessed', /the model is not at hand/],
    [
      'the model and other data of that name',
      () => {
        mkdirSync(at('other'), { recursive: true });
        writeFileSync(at('other/train.csv'), 'text,label\nother,ham\n');
        return { model: at('dvc/model.bin'), data: [at('other/train.csv')] };
      },
      'fail',
      /had other bytes of that name/,
    ],
    [
      'the model and data that it did not have',
      () => ({ model: at('dvc/model.bin'), data: [at('dvc/data/test.csv')] }),
      'not-assessed',
      /is not said to have had .*test\.csv/,
    ],
  ])('does not pass for %s', async (_, asked, status, detail) => {
    const { training } = await attested(REPO());
    const { check } = await assessed({ ...asked(), trainings: training });
    expect(check).toMatchObject({ status, detail: expect.stringMatching(detail) });
  });

  it('counts only from somebody who may sign training runs', async () => {
    const { training, attestations } = await attested(REPO(), keys.privateKey, 'others.yaml');
    expect(training).toEqual([]);
    expect(attestations).toMatchObject([
      { standing: 'invalid', detail: expect.stringContaining('"ci" may not sign training runs') },
    ]);
    const unknown = await attested(REPO(), stranger.privateKey);
    expect(unknown).toMatchObject({ training: [], attestations: [{ standing: 'invalid' }] });
  });

  it('is a claim, when it is given as a manifest', async () => {
    const options = { ...REPO(), data: [at('dvc/data/train.csv')] };
    writeFileSync(at('within.json'), await attestTraining(await assessed(options), keySigner(stranger.privateKey)));
    const lineage = await assessed({ model: at('dvc/model.bin'), manifests: [at('within.json')] });
    expect(lineage.check.status).toBe('not-assessed');
    expect(linesOf(lineage).filter((line) => line.includes(': verified'))).toEqual([]);
    expect(lineage.lineage.notes).toEqual([expect.stringContaining('has a signature, which counts when')]);
  });
});

describe('what is not signed', () => {
  const manifest = (text: string) => {
    writeFileSync(at('dvc/training.yaml'), `version: 1\n${text}`);
    return { model: at('dvc/model.bin'), manifests: [at('dvc/training.yaml')] };
  };

  it.each<[string, () => Asked, string, RegExp]>([
    ['a run without a model', () => ({ data: [at('dvc/data/train.csv')] }), 'usage', /the model is not at hand/],
    ['a run without data', () => ({ model: at('dvc/model.bin') }), 'usage', /no data is at hand/],
    [
      'data that is not at hand',
      () => manifest('data: [{path: gone.csv}]\n'),
      'usage',
      /gone\.csv is named as data of the run, and is not at hand/,
    ],
    [
      'bytes that a document contradicts',
      () => manifest(`data: [{path: data/train.csv, sha256: ${'ab'.repeat(32)}}]\n`),
      'mismatch',
      /cannot be attested: data\/train\.csv has sha256/,
    ],
    [
      'a base model without a digest',
      () => manifest('data: [{path: data/train.csv}]\nbase: [{name: acme/base}]\n'),
      'usage',
      /acme\/base is named as a base model, without a digest/,
    ],
  ])('is %s', async (_, options, code, message) => {
    await expect(
      assessed(options()).then((one) => attestTraining(one, keySigner(keys.privateKey))),
    ).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('is where data lies on this machine', async () => {
    const bundle = await attestTraining(
      await assessed({ model: at('dvc/model.bin'), data: [at('dvc/data/train.csv')] }),
      keySigner(keys.privateKey),
    );
    const payload = Buffer.from(JSON.parse(bundle).dsseEnvelope.payload, 'base64').toString();
    expect(payload).toContain('"name":"train.csv"');
    expect(payload).not.toContain(folder);
  });

  it('is the data that the model was only tested on', async () => {
    const options = manifest('data: [{path: data/train.csv}]\ntest: [{path: data/test.csv}]\n');
    const { training } = await attested({ ...options, data: [at('dvc/data/test.csv')] });
    expect(training[0]?.inputs.map(({ name }) => name)).toEqual(['data/train.csv']);
  });
});

describe('paths of documents', () => {
  const croissant = (contentUrl: string) => ({
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    distribution: [
      {
        '@type': 'cr:FileObject',
        '@id': 'f',
        name: 'f',
        contentUrl,
        sha256: createHash('sha256').update('s').digest('hex'),
      },
    ],
  });

  async function found(contentUrl: string) {
    mkdirSync(at('set/inside'), { recursive: true });
    writeFileSync(at('secret'), 's');
    writeFileSync(at('set/croissant.json'), JSON.stringify(croissant(contentUrl)));
    const lineage = await assessed({ manifests: [at('set/croissant.json')] });
    return { lines: linesOf(lineage), text: JSON.stringify(lineage.lineage) };
  }

  it.each(['../secret', 'inside/../../secret', '/etc/passwd', '../../../../../../etc/passwd'])(
    'never lead out of their folder: %s',
    async (path) => {
      const { lines, text } = await found(path);
      expect(lines).toContainEqual(expect.stringMatching(/^f describes nothing: malformed: has a path/));
      expect(text).not.toContain('"atHand":true');
    },
  );

  it('never lead through a link', async () => {
    mkdirSync(at('set'), { recursive: true });
    symlinkSync('../secret', at('set/link'));
    symlinkSync('..', at('set/up'));
    for (const path of ['link', 'up/secret']) {
      const { lines } = await found(path);
      expect(lines).toContainEqual(expect.stringMatching(/^f describes nothing: malformed: is a symbolic link/));
    }
  });

  it('may lead to what is no file', async () => {
    expect((await found('inside')).lines).toContainEqual(expect.stringMatching(/malformed: is a folder/));
    expect((await found('gone')).lines).toContainEqual(expect.stringMatching(/absent: is not at hand/));
  });

  it('lead to a file, which is compared', async () => {
    writeFileSync(at('set/inside/f'), 's');
    expect((await found('inside/f')).lines).toContainEqual(expect.stringMatching(/claimed: has the SHA-256/));
    writeFileSync(at('set/inside/f'), 't');
    expect((await found('inside/f')).lines).toContainEqual(expect.stringMatching(/mismatched: has sha256/));
  });
});

describe('a description as the Hub exports it', () => {
  it('is unverifiable, and not a contradiction', async () => {
    const sha256 = 'https://github.com/mlcommons/croissant/issues/80';
    const document = {
      '@context': { '@vocab': 'https://schema.org/' },
      conformsTo: 'http://mlcommons.org/croissant/1.1',
      name: 'spam',
      url: 'https://huggingface.co/datasets/acme/spam',
      distribution: [
        {
          '@type': 'cr:FileObject',
          '@id': 'repo',
          name: 'repo',
          contentUrl: 'https://huggingface.co/datasets/acme/spam/tree/refs%2Fconvert%2Fparquet',
          encodingFormat: 'git+https',
          sha256,
        },
        { '@type': 'cr:FileSet', '@id': 'parquet', containedIn: { '@id': 'repo' }, includes: 'default/*/*.parquet' },
      ],
    };
    writeFileSync(at('hub.json'), JSON.stringify(document));
    const lineage = await assessed({ model: at('dvc/model.bin'), manifests: [at('hub.json')] });
    expect(lineage.check.status).toBe('not-assessed');
    expect(linesOf(lineage)).toContainEqual(
      'repo describes nothing: malformed: has an address where its sha256 should be, so its bytes cannot be compared',
    );
  });
});

describe('what is given', () => {
  it('is named when it cannot be read', async () => {
    await expect(assessed({ data: [at('none.csv')] })).rejects.toMatchObject({
      code: 'not-found',
      subject: at('none.csv'),
    });
    await expect(assessed({ data: [folder] })).rejects.toMatchObject({ code: 'unreadable' });
    await expect(assessed({ manifests: [at('dvc/train.py')] })).rejects.toMatchObject({
      code: 'unsupported',
      subject: at('dvc/train.py'),
    });
    mkdirSync(at('texts'), { recursive: true });
    writeFileSync(at('texts/README.md'), '# nothing\n');
    writeFileSync(at('texts/a.json'), '{}');
    await expect(assessed({ model: at('texts') })).rejects.toMatchObject({ code: 'usage', message: 'holds no model' });
  });

  it('is hashed whole', async () => {
    const { inputs } = await assessed({ data: [at('dvc/data/train.csv')] });
    const bytes = readFileSync(at('dvc/data/train.csv'));
    expect(inputs.data).toEqual([
      {
        path: at('dvc/data/train.csv'),
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        md5: createHash('md5').update(bytes).digest('hex'),
      },
    ]);
  });
});
