import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coremlScanner, coremlWeightsScanner } from '../../../src/scan/coreml/scanner.ts';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { scanBytes } from '../../support/scan-bytes.ts';
import { type ProtoField, proto } from '../../support/tensorflow-graphs.ts';

const FOLDER = 'fixtures/coreml';
const PACKAGE = `${FOLDER}/program.mlpackage/Data/com.apple.CoreML`;
const real = (name: string) => readFileSync(`${FOLDER}/${name}.mlmodel`);

async function scan(bytes: Uint8Array, file = 'model.mlmodel') {
  const { verdict, format, context } = await scanBytes(bytes, file, SCANNERS, true);
  return { verdict, format: format.id, rules: [...new Set(context.ruleIds())].sort(), context };
}

/** An input, and the output `y`. */
const DESCRIPTION = proto([1, proto([1, 'x'], [3, proto()])], [10, proto([1, 'y'], [3, proto()])]);
const model = (...kind: readonly ProtoField[]) => proto([1, 5], [2, DESCRIPTION], ...kind);
const network = (...layers: readonly Uint8Array[]) => model([500, proto(...layers.map((one) => [1, one] as const))]);
const layer = (number: number, content: Uint8Array) => proto([1, 'a'], [2, 'x'], [3, 'y'], [number, content]);
const operation = (type: string, ...more: readonly ProtoField[]) => proto([1, type], ...more);
const program = (...operations: readonly Uint8Array[]) => {
  const block = proto(...operations.map((one) => [3, one] as const));
  const main = proto([2, 'CoreML6'], [3, proto([1, 'CoreML6'], [2, block])]);
  return model([502, proto([1, 1], [2, proto([1, 'main'], [2, main])])]);
};
const blob = (file: string, place: number) =>
  operation('const', [5, proto([1, 'val'], [2, proto([5, proto([1, file], [2, place])])])]);
const metadata = (key: string, value: string) =>
  proto(
    [1, 5],
    [2, Buffer.concat([DESCRIPTION, proto([100, proto([100, proto([1, key], [2, value])])])])],
    [604, proto()],
  );

const OWN = 'coreml.custom-code';
const STRUCTURE = 'coreml.structure';
const UNLISTED = 'coreml.unlisted-operator';
const OUTSIDE = 'coreml.path-outside';
const DATA = 'coreml.data-file';
const HIDDEN = 'coreml.hidden-content';

describe('a real model of Core ML', () => {
  it.each(['network', 'trees', 'pipeline', 'scaler', 'vision'])('%s is clean', async (name) => {
    expect(await scan(real(name))).toMatchObject({ format: 'coreml', verdict: 'clean', rules: [] });
  });

  it('of a program is clean, and names its weights', async () => {
    const { verdict, context } = await scan(readFileSync(`${PACKAGE}/model.mlmodel`), 'p/model.mlmodel');
    expect({ verdict, paths: context.referred.map(({ path }) => path) }).toEqual({
      verdict: 'clean',
      paths: ['p/weights/weight.bin'],
    });
  });

  it('has weights that are clean', async () => {
    expect(await scan(readFileSync(`${PACKAGE}/weights/weight.bin`), 'weight.bin')).toMatchObject({
      format: 'coreml-weights',
      verdict: 'clean',
    });
  });

  it.each(['custom-layer', 'custom-model'])('with a class of its own (%s) is suspicious', async (name) => {
    expect(await scan(real(name))).toMatchObject({ verdict: 'suspicious', rules: [OWN] });
  });

  it.each(['linked', 'word-tagger'])('that is not all of itself (%s) is not assessed', async (name) => {
    const { verdict, context } = await scan(real(name));
    expect(verdict).toBe('not-assessed');
    expect(context.checks[0]?.id).toMatch(/^format\.coreml\.(?:linked|closed)$/);
  });
});

type Case = readonly [title: string, bytes: Uint8Array, verdict: string, rule: string];
const hostile: readonly Case[] = [
  ['a layer of a class', network(layer(500, proto([10, 'Evil']))), 'suspicious', OWN],
  ['a layer of a class without a name', network(layer(500, proto())), 'suspicious', OWN],
  ['a layer of no kind', network(proto([1, 'a'])), 'suspicious', STRUCTURE],
  ['a layer that no version has', network(layer(1999, proto())), 'suspicious', UNLISTED],
  ['two kinds of layer in one', network(proto([1, 'a'], [130, proto()], [500, proto([10, 'E'])])), 'suspicious', OWN],
  ['a kind of model that no version has', model([777, proto()]), 'suspicious', UNLISTED],
  ['two kinds of model', model([604, proto()], [555, proto([10, 'Evil'])]), 'suspicious', STRUCTURE],
  ['a class behind another kind', model([604, proto()], [555, proto([10, 'Evil'])]), 'suspicious', OWN],
  ['no kind of model', proto([1, 5], [2, DESCRIPTION], [10, 1]), 'suspicious', STRUCTURE],
  ['an unknown field', model([604, proto([99, 'x'])]), 'suspicious', STRUCTURE],
  ['a class in a pipeline', model([202, proto([1, model([555, proto([10, 'Evil'])])])]), 'suspicious', OWN],
  [
    'a class in a pipeline of a pipeline',
    model([200, proto([1, proto([1, model([202, proto([1, model([555, proto([10, 'Evil'])])])])])])]),
    'suspicious',
    OWN,
  ],
  ['an operation of nobody', program(operation('evil_op')), 'suspicious', UNLISTED],
  ['an operation in another case', program(operation('Conv')), 'suspicious', UNLISTED],
  ['an operation without a name', program(operation('')), 'suspicious', UNLISTED],
  [
    'an operation in a block of another',
    program(operation('cond', [4, proto([3, operation('evil')])])),
    'suspicious',
    UNLISTED,
  ],
  ['weights in an absolute file', program(blob('/etc/passwd', 64)), 'malicious', OUTSIDE],
  ['weights above the folder', program(blob('@model_path/../../x.bin', 64)), 'malicious', OUTSIDE],
  ['weights at an address', program(blob('https://example.org/w', 64)), 'malicious', OUTSIDE],
  ['weights on a share', program(blob('\\\\host\\share\\w', 64)), 'malicious', OUTSIDE],
  ['weights of an empty name', program(blob('@model_path/', 64)), 'suspicious', DATA],
  ['weights at an odd place', program(blob('@model_path/weights/weight.bin', 65)), 'suspicious', DATA],
  [
    'a linked model outside',
    model([556, proto([1, proto([1, proto([1, '../../evil.mlmodelc'])])])]),
    'malicious',
    OUTSIDE,
  ],
  ['a search path outside', model([556, proto([1, proto([2, proto([1, '/tmp'])])])]), 'malicious', OUTSIDE],
  ['markup in its metadata', metadata('note', '<script>alert(1)</script>'), 'suspicious', HIDDEN],
  ['a pickle in its metadata', metadata('note', 'gASVKAAAAAAAAACMBXBvc2l4'), 'suspicious', HIDDEN],
  ['a call in its metadata', metadata('note', 'os.system("id")'), 'suspicious', HIDDEN],
  [
    'a script as a parameter',
    model([
      555,
      proto([10, 'C'], [30, proto([1, 'k'], [2, proto([60, Buffer.from(`#!/bin/sh\n${'echo a\n'.repeat(20)}`)])])]),
    ]),
    'suspicious',
    HIDDEN,
  ],
  ['the number of a layer twice', model([604, proto()], [604, proto()]), 'suspicious', STRUCTURE],
];

describe('a model of Core ML with', () => {
  it.each(hostile)('%s is found', async (_, bytes, verdict, rule) => {
    const scanned = await scan(bytes);
    expect(scanned).toMatchObject({ format: 'coreml', verdict });
    expect(scanned.rules).toContain(rule);
  });

  it('a newer version is not assessed', async () => {
    const { verdict, context } = await scan(proto([1, 12], [2, DESCRIPTION], [604, proto([99, 'x'])]));
    expect({ verdict, check: context.checks[0]?.id }).toEqual({
      verdict: 'not-assessed',
      check: 'format.coreml.version',
    });
  });

  it('a newer version and a class is still suspicious', async () => {
    expect((await scan(proto([1, 12], [2, DESCRIPTION], [555, proto([10, 'Evil'])]))).verdict).toBe('suspicious');
  });

  it('deep nesting, or an end too early, is unknown', async () => {
    let inner = model([604, proto()]);
    for (let i = 0; i < 60; i++) inner = model([202, proto([1, inner])]);
    expect((await scan(inner)).verdict).toBe('unknown');
    expect((await scan(real('network').subarray(0, 150))).verdict).not.toBe('clean');
  });

  it('weights that lie about their blobs is suspicious', async () => {
    const weights = readFileSync(`${PACKAGE}/weights/weight.bin`);
    for (const [at, value] of [
      [0, 200],
      [0, 2 ** 31],
      [64 + 4, 0],
      [64 + 8, 2 ** 31],
      [64 + 16, 65],
    ] as const) {
      const bytes = Buffer.from(weights);
      bytes.writeUInt32LE(value, at);
      expect((await scan(bytes, 'weight.bin')).verdict, `${at}`).toBe('suspicious');
    }
    const tail = Buffer.concat([weights, Buffer.from(`#!/bin/sh\n${'echo\n'.repeat(20)}`)]);
    expect((await scan(tail, 'weight.bin')).verdict).toBe('suspicious');
  });

  it('any bytes gives a verdict', async () => {
    const [network, weights] = [real('custom-layer'), readFileSync(`${PACKAGE}/weights/weight.bin`).subarray(0, 400)];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat(), async (edits, cut) => {
        for (const [bytes, scanner] of [
          [network, coremlScanner],
          [weights, coremlWeightsScanner],
        ] as const) {
          const changed = Buffer.from(bytes.subarray(0, bytes.length - (cut % 40)));
          for (const [at, value] of edits) changed[at % changed.length] = value;
          await scanBytes(changed, 'm', [scanner]);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a package of Core ML', () => {
  const manifest = (path: string) =>
    Buffer.from(JSON.stringify({ fileFormatVersion: '1.0.0', itemInfoEntries: { a: { path, name: 'x' } } }));

  it.each([
    ['com.apple.CoreML/weights', 'clean'],
    ['com.apple.CoreML/weights/', 'clean'],
    ['../../evil.mlmodel', 'malicious'],
    ['/etc/passwd', 'malicious'],
    ['a/../b', 'suspicious'],
    ['', 'suspicious'],
  ])('with the item %j is %s', async (path, verdict) => {
    expect((await scan(manifest(path), 'Manifest.json')).verdict).toBe(verdict);
  });

  it('that coremltools wrote has a manifest that is clean', async () => {
    const bytes = readFileSync(`${FOLDER}/program.mlpackage/Manifest.json`);
    expect(await scan(bytes, 'Manifest.json')).toMatchObject({ verdict: 'clean', rules: [] });
  });
});

describe('a compiled model of Core ML', () => {
  const text = (path: string) =>
    Buffer.from(
      `program(1.0)\n[buildInfo = dict<tensor<string, []>, tensor<string, []>>({{"coremlc-version", "1.0"}})]\n{\n  func main<ios16>(tensor<fp32, [1]> x) {\n    tensor<fp16, [2]> w = const()[name = tensor<string, []>("w"), val = tensor<fp16, [2]>(BLOBFILE(path = tensor<string, []>("${path}"), offset = tensor<uint64, []>(64)))];\n  } -> (w);\n}`,
    );

  it.each([
    ['@model_path/weights/weight.bin', 'not-assessed'],
    ['@model_path/../../x', 'malicious'],
    ['/etc/passwd', 'malicious'],
  ])('with weights in %j is %s', async (path, verdict) => {
    expect(await scan(text(path), 'm.mlmodelc/model.mil')).toMatchObject({ verdict, format: 'mil-text' });
  });

  it('has parts that no one else reads', async () => {
    const bytes = Buffer.from([0xa1, 7, 7, 7, ...Buffer.alloc(200, 0xe9)]);
    expect(await scan(bytes, 'm.mlmodelc/coremldata.bin')).toMatchObject({ verdict: 'not-assessed' });
    expect((await scan(bytes, 'coremldata.bin')).verdict).toBe('unknown');
  });
});
