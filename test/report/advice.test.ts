import { describe, expect, it } from 'vitest';
import { safeGlobalsCode, saferFiles, unlistedGlobals } from '../../src/report/advice.ts';
import { assessment, file } from './sample.ts';

const tensors = (path: string, verdict: 'clean' | 'unknown' = 'clean') =>
  file({ path, format: 'safetensors', verdict });

describe('a safer file', () => {
  it.each([
    ['pytorch_model.bin', 'model.safetensors'],
    ['pytorch_model-00001-of-00002.bin', 'model-00001-of-00003.safetensors'],
    ['unet/diffusion_pytorch_model.bin', 'unet/diffusion_pytorch_model.safetensors'],
    ['v1-5-pruned.ckpt', 'v1-5-pruned.safetensors'],
    ['weights.tar.pt', 'weights.tar.safetensors'],
  ])('for %s is %s', (bad, safe) => {
    const all = [
      file({ path: bad }),
      tensors(safe),
      tensors('other/model.safetensors'),
      tensors(safe.replace(/[^/]*$/, 'z.safetensors')),
    ];
    expect(saferFiles(file({ path: bad }), all)).toEqual({ paths: [safe], sameName: true });
  });

  it('can have another name, which is then stated', () => {
    expect(saferFiles(file({ path: 'a.pt' }), [tensors('b.safetensors')])).toEqual({
      paths: ['b.safetensors'],
      sameName: false,
    });
  });

  it('must be in the same folder and clean', () => {
    expect(
      saferFiles(file({ path: 'a.pt' }), [tensors('x/a.safetensors'), tensors('a.safetensors', 'unknown')]),
    ).toBeUndefined();
  });
});

describe('the code for add_safe_globals', () => {
  const torch = (imports: string[]) => file({ path: 'model.pt', format: 'torch-zip', imports });

  it('adds exactly the globals that torch does not allow yet, with their imports', () => {
    const files = [
      torch([
        'collections.OrderedDict',
        'torch.FloatStorage',
        'ultralytics.nn.tasks.Model',
        'a.B.inner',
        '__builtin__.getattr',
      ]),
    ];
    expect(safeGlobalsCode(assessment({ files }))).toEqual([
      'import torch',
      'import a',
      'import builtins',
      'import ultralytics.nn.tasks',
      'torch.serialization.add_safe_globals([',
      '    a.B.inner,',
      '    builtins.getattr,',
      '    ultralytics.nn.tasks.Model,',
      '])',
    ]);
  });

  it('is empty when torch allows every global', () => {
    expect(
      safeGlobalsCode(assessment({ files: [torch(['collections.OrderedDict', 'torch._utils._rebuild_tensor_v2'])] })),
    ).toEqual([]);
  });

  it('is omitted when a file is malicious, and for files that are not clean', () => {
    const bad = file({ path: 'bad.pkl', verdict: 'malicious' });
    expect(safeGlobalsCode(assessment({ files: [torch(['a.B']), bad] }))).toEqual([]);
    expect(safeGlobalsCode(assessment({ files: [{ ...torch(['a.B']), verdict: 'suspicious' }] }))).toEqual([]);
  });

  it.each(['a.b\nimport os', 'a.b;os', "a.__import__('os')", 'a', 'a..b', 'ｏs.system', `a.${'b'.repeat(200)}`])(
    'is omitted for an invalid name: %j',
    (name) => {
      expect(safeGlobalsCode(assessment({ files: [torch([name])] }))).toEqual([]);
    },
  );
});

it('unlisted names are those absent from the ruleset, after the Python 2 map', () => {
  const known = file({ path: 'a', imports: ['__builtin__.set', 'acme.Table', 'acme.$(x)'] });
  expect(unlistedGlobals(known, (name) => name === 'builtins.set')).toEqual(['acme.Table']);
});
