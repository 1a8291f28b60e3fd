import { describe, expect, it } from 'vitest';
import { bytesOf, sample } from '../../../integrity/attestations/samples.ts';
import { D1, D2, linesOf, read } from '../documents.ts';

describe('a model card', () => {
  it('names data and base models, and no digest', async () => {
    const card = `---
base_model: acme/base
base_model_relation: finetune
datasets:
- acme/spam
- imdb
---
# A model
datasets: not here
`;
    expect(linesOf(await read(card, 'README.md'))).toEqual([
      'model README.md started from model acme/base',
      'model README.md trained by run README.md',
      'run README.md trained on data acme/spam',
      'run README.md trained on data imdb',
      'acme/base: from hf://acme/base',
      'acme/spam: from hf://datasets/acme/spam',
      'imdb: from hf://datasets/imdb',
      'says that it is related to its base model as finetune',
      'names data and models without their digests, as its author chose',
    ]);
  });

  it.each([
    ['a key twice', '---\ndatasets: a\ndatasets: b\n---\n'],
    ['an alias', '---\ndatasets: &a [x]\nbase_model: *a\n---\n'],
    ['a tag', '---\ndatasets: !!python/object/apply:os.system [id]\n---\n'],
  ])('with %s is refused', async (_, card) => {
    await expect(read(card, 'README.md')).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('a file of DVC', () => {
  it('that an older DVC wrote gives digests that are not of the bytes', async () => {
    const { entities } = await read(`outs:\n- md5: ${'ab'.repeat(16)}\n  path: x.csv\n`);
    expect(entities[0]).toMatchObject({
      digests: [],
      problem: 'has the MD5 of DVC before version 3, which is not of its bytes',
    });
  });

  it('does not lead out of its folder', async () => {
    const outs = ['../x', '/etc/passwd', 'a/../../b'].map(
      (path) => `- {md5: ${'ab'.repeat(16)}, path: ${path}, hash: md5}`,
    );
    const { entities } = await read(`outs:\n${outs.join('\n')}\n`);
    expect(entities.map(({ path, problem }) => [path, problem])).toEqual([
      [null, 'has a path that leaves the folder of the document'],
      [null, 'has a path that does not start in the folder of the document'],
      [null, 'has a path that leaves the folder of the document'],
    ]);
  });

  it('that was imported says from where', async () => {
    const text = `deps:\n- path: https://data.example/x.csv\nouts:\n- {path: x.csv, md5: ${'ab'.repeat(16)}, hash: md5}\n`;
    expect((await read(text)).claims).toMatchObject([
      { relation: 'comes from', from: { name: 'x.csv' }, to: { uri: 'https://data.example/x.csv' } },
    ]);
  });

  it('lists the files of a folder', async () => {
    const files = `files: [{relpath: a.png, md5: ${'ab'.repeat(16)}}]`;
    const { claims } = await read(`outs:\n- {path: images, md5: ${'cd'.repeat(16)}.dir, hash: md5, ${files}}\n`);
    expect(claims).toMatchObject([
      { relation: 'derives from', to: { path: 'images/a.png', digests: [{ of: 'bytes' }] } },
    ]);
  });
});

describe('an in-toto statement', () => {
  const lines = [
    'model sub/m.onnx trained by run fraud-12',
    'run fraud-12 trained on data train.csv',
    'run fraud-12 started from model acme/base',
    'run fraud-12 ran code git+https://git.example/fraud',
  ];

  it('without a signature is a claim', async () => {
    const said = linesOf(await read(sample('training')));
    expect(said.slice(0, 4)).toEqual(lines);
    expect(said.at(-1)).toBe('is a statement without a signature');
  });

  it('in an envelope is a claim, too: a document that calls itself signed proves nothing', async () => {
    const dsseEnvelope = {
      payload: bytesOf(sample('training')).toString('base64'),
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ sig: 'AAAA' }],
    };
    for (const document of [dsseEnvelope, { mediaType: 'x', dsseEnvelope }]) {
      const said = linesOf(await read(document));
      expect(said.slice(0, 4)).toEqual(lines);
      expect(said.at(-1)).toMatch(/^has a signature, which counts when the file is given with --attestation/);
    }
  });

  it.each<[string, object, RegExp]>([
    ['another predicate', { predicateType: 'https://slsa.dev/provenance/v0.2' }, /something else than a training run/],
    ['no subject', { subject: [] }, /subject is not valid/],
  ])('with %s is refused', async (_, change, message) => {
    await expect(read({ ...sample('training'), ...change })).rejects.toThrow(message);
  });

  it('of another build type, or with parameters that its type does not have, is refused', async () => {
    const build = (change: object) => {
      const statement = JSON.parse(JSON.stringify(sample('training')));
      Object.assign(statement.predicate.buildDefinition, change);
      return read(statement);
    };
    await expect(build({ buildType: 'https://actions.github.io/buildtypes/workflow/v1' })).rejects.toMatchObject({
      code: 'unsupported',
    });
    await expect(build({ externalParameters: { vcs: 'x' } })).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('a CycloneDX bill of materials', () => {
  const bill = (fields: object) => ({ bomFormat: 'CycloneDX', specVersion: '1.7', ...fields });

  it('says when a data set is a reference to nothing', async () => {
    const modelCard = { modelParameters: { datasets: [{ ref: 'x' }] } };
    const { entities } = await read(bill({ components: [{ type: 'machine-learning-model', name: 'm', modelCard }] }));
    expect(entities.at(-1)).toMatchObject({ name: 'x', problem: 'is a reference to a component that is not there' });
  });

  it('does not take another algorithm for SHA-256', async () => {
    const component = { type: 'data', name: 'd' };
    const hashed = (hashes: unknown) => read(bill({ components: [{ ...component, hashes }] }));
    expect((await hashed([{ alg: 'SHA-512', content: D1 }])).entities[0]).toMatchObject({ digests: [], problem: null });
    expect((await hashed([{ alg: 'SHA-256', content: 'ab'.repeat(16) }])).entities[0]).toMatchObject({
      digests: [],
      problem: expect.stringContaining('something else where its sha256'),
    });
  });

  it('of a version without models is refused, and so are components without an end', async () => {
    await expect(read(bill({ specVersion: '1.4' }))).rejects.toMatchObject({ code: 'unsupported' });
    let components: object[] = [];
    for (let depth = 0; depth < 20; depth++) components = [{ type: 'data', name: 'd', components }];
    await expect(read(bill({ components }))).rejects.toMatchObject({ code: 'limit' });
  });
});

describe('an SPDX 3 document', () => {
  const hash = (hashValue: string) => ({ type: 'Hash', algorithm: 'sha256', hashValue });
  const graph = [
    { type: 'ai_AIPackage', spdxId: 'urn:m', name: 'fraud', software_packageVersion: '12', verifiedUsing: [hash(D1)] },
    {
      type: 'dataset_DatasetPackage',
      spdxId: 'urn:d',
      name: 'spam',
      verifiedUsing: ['_:h'],
      software_downloadLocation: 'https://d.example/s',
    },
    { '@id': '_:h', ...hash(D2) },
    { type: 'ai_AIPackage', spdxId: 'urn:b', name: 'base' },
    { type: 'Relationship', spdxId: 'urn:r1', from: 'urn:m', relationshipType: 'trainedOn', to: ['urn:d'] },
    { type: 'Relationship', spdxId: 'urn:r2', from: 'urn:m', relationshipType: 'testedOn', to: ['urn:gone'] },
    { type: 'Relationship', spdxId: 'urn:r3', from: 'urn:m', relationshipType: 'descendantOf', to: ['urn:b'] },
    { type: 'Relationship', spdxId: 'urn:r4', from: 'urn:m', relationshipType: 'dependsOn', to: ['urn:b'] },
  ];

  it('says what a model was trained and tested on', async () => {
    const document = { '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld', '@graph': graph };
    expect(linesOf(await read(document))).toEqual([
      'model fraud@12 trained by run fraud@12',
      'run fraud@12 trained on data spam',
      'run fraud@12 tested on data urn:gone',
      'model fraud@12 started from model base',
      'fraud@12: sha256 of bytes d1d1d1d1',
      'spam: from https://d.example/s, sha256 of bytes d2d2d2d2',
      'urn:gone: is a reference to an element that is not there',
    ]);
  });
});

describe('a training manifest', () => {
  const manifest = `version: 1
run: fraud-12
hyperparameters: {epochs: 3}
model: [{path: model.bin}]
data:
- {path: train.csv, sha256: ${D1}, source: "https://d.example/train.csv"}
test: [{path: test.csv}]
base: [{name: "hf://acme/base", gitCommit: ${'ab'.repeat(20)}}]
code: [{uri: "https://git.example/x", gitCommit: main}]
`;

  it('says what people wrote into it', async () => {
    const document = await read(manifest);
    expect(document.hyperparameters).toEqual({ epochs: '3' });
    expect(linesOf(document)).toEqual([
      'model model.bin trained by run fraud-12',
      'run fraud-12 trained on data train.csv',
      'run fraud-12 tested on data test.csv',
      'run fraud-12 started from model hf://acme/base',
      'run fraud-12 ran code https://git.example/x',
      'model.bin: at model.bin',
      `train.csv: at train.csv, from https://d.example/train.csv, sha256 of bytes d1d1d1d1`,
      'test.csv: at test.csv',
      'hf://acme/base: from hf://acme/base, gitCommit of bytes abababab',
      'https://git.example/x: from https://git.example/x, has something else where its commit should be',
    ]);
  });

  it.each([
    ['an unknown field', `${manifest}signed: true\n`],
    ['another version', manifest.replace('version: 1', 'version: 2')],
    ['no data', 'version: 1\ndata: []\n'],
    ['a key twice', `${manifest}run: again\n`],
    ['an alias', 'version: 1\ndata: &d [{path: a}]\ntest: *d\n'],
  ])('with %s is refused', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'malformed' });
  });
});
