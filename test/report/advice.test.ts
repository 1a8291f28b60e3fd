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

  it('may have another name, and then says so', () => {
    expect(saferFiles(file({ path: 'a.pt' }), [tensors('b.safetensors')])).toEqual({
      paths: ['b.safetensors'],
      sameName: false,
    });
  });

  it('is never in another folder, never one that is not clean', () => {
    expect(
      saferFiles(file({ path: 'a.pt' }), [tensors('x/a.safetensors'), tensors('a.safetensors', 'unknown')]),
    ).toBeUndefined();
  });
});

describe('the code for add_safe_globals', () => {
  const torch = (imports: string[]) => file({ path: 'model.pt', format: 'torch-zip', imports });

  it('has exactly what torch does not know yet, with its imports', () => {
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

  it('is empty when torch needs none', () => {
    expect(
      safeGlobalsCode(assessment({ files: [torch(['collections.OrderedDict', 'torch._utils._rebuild_tensor_v2'])] })),
    ).toEqual([]);
  });

  it('is not given when anything is malicious, nor for files that are not clean', () => {
    const bad = file({ path: 'bad.pkl', verdict: 'malicious' });
    expect(safeGlobalsCode(assessment({ files: [torch(['a.B']), bad] }))).toEqual([]);
    expect(safeGlobalsCode(assessment({ files: [{ ...torch(['a.B']), verdict: 'suspicious' }] }))).toEqual([]);
  });

  it.each(['a.b\nimport os', 'a.b;os', "a.__import__('os')", 'a', 'a..b', 'ｏs.system', `a.${'b'.repeat(200)}`])(
    'is not given for a name that is not a plain one: %j',
    (name) => {
      expect(safeGlobalsCode(assessment({ files: [torch([name])] }))).toEqual([]);
    },
  );
});

it('unlisted names are those the ruleset lacks, after the Python 2 map', () => {
  const known = file({ path: 'a', imports: ['__builtin__.set', 'acme.Table', 'acme.$(x)'] });
  expect(unlistedGlobals(known, (name) => name === 'builtins.set')).toEqual(['acme.Table']);
});
