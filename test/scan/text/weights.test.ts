import { describe, expect, it } from 'vitest';
import { plainTextScanner } from '../../../src/scan/text/plain-text.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

async function scan(document: unknown, name = 'model.safetensors.index.json') {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const { verdict, context } = await scanBytes(Buffer.from(text), name, [plainTextScanner]);
  return { verdict, rules: context.ruleIds() };
}

const index = (...files: readonly string[]) => ({
  metadata: { total_size: 8 },
  weight_map: Object.fromEntries(files.map((file, i) => [`layer.${i}.weight`, file])),
});

describe('an index of weights', () => {
  it.each([
    [['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']],
    [['part/model.safetensors']],
    [['pytorch_model-00001-of-00002.bin']],
  ])('of files beside it is clean: %j', async (files) => {
    expect(await scan(index(...files))).toEqual({ verdict: 'clean', rules: [] });
  });

  it.each([
    '../other/model.safetensors',
    '/etc/passwd',
    '..\\x.bin',
    'C:\\x.bin',
    'a/../../x.bin',
    'http://a.example/x',
    'x\0',
  ])('that names %j is malicious', async (file) => {
    expect(await scan(index('model.safetensors', file))).toEqual({
      verdict: 'malicious',
      rules: ['index.path-outside'],
    });
    expect((await scan(index(file), 'pytorch_model.bin.index.json')).verdict).toBe('malicious');
  });

  it.each(['', 'a/../x.bin', 'a\\x.bin', 'x.bin:y', 'x.bin ', 'nul'])('that names %j is odd', async (file) => {
    expect(await scan(index('model.safetensors', file))).toEqual({ verdict: 'suspicious', rules: ['index.path-odd'] });
  });

  it('that gives a tensor twice is odd', async () => {
    const text = '{"weight_map": {"a": "x.safetensors", "b": "x.safetensors", "a": "y.safetensors"}}';
    expect(await scan(text)).toEqual({ verdict: 'suspicious', rules: ['data.json-duplicate-key'] });
  });

  it('is not what another document is that names paths', async () => {
    expect(await scan({ files: { a: '../x' } }, 'config.json')).toEqual({ verdict: 'clean', rules: [] });
  });
});

describe('an ONNX model written as JSON', () => {
  it.each([
    ['its operator sets', { irVersion: '8', graph: { node: [{ opType: 'Relu' }] }, opsetImport: [{ version: '17' }] }],
    ['a file of a tensor', { graph: { initializer: [{ externalData: [{ key: 'location', value: '/etc/passwd' }] }] } }],
  ])('is not assessed, by %s', async (_, document) => {
    expect((await scan(document, 'model.json')).verdict).toBe('not-assessed');
  });
});
