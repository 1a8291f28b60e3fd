import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNemoTarget } from '../../../src/scan/text/nemo.ts';
import { scanPickleBytes } from '../../support/scan-pickle-bytes.ts';
import { buildTar } from '../../support/tar.ts';

const nemo = async (config: string | Uint8Array, more: readonly { name: string; data: string | Uint8Array }[] = []) =>
  scanPickleBytes(buildTar([{ name: './model_config.yaml', data: config }, ...more]), 'm.nemo');
const verdict = async (config: string) => (await nemo(config)).verdict;
const CTC = 'nemo.collections.asr.models.EncDecCTCModel';
const CONFIG = `target: nemo.collections.asr.models.ctc_models.EncDecCTCModel
nemo_version: 1.23.0
sample_rate: 16000
train_ds: {manifest_filepath: null, batch_size: 32, shuffle: true}
preprocessor:
  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor
  features: 64
  sample_rate: \${sample_rate}
encoder:
  _target_: nemo.collections.asr.modules.ConvASREncoder
  jasper:
  - {filters: 128, repeat: 1, kernel: [11], stride: [1], dilation: [1], dropout: 0.1, residual: true, se: true}
decoder:
  _target_: nemo.collections.asr.modules.ConvASRDecoder
  vocabulary: [a, b]
spec_augment: {_target_: nemo.collections.asr.modules.SpectrogramAugmentation, time_masks: 2}
loss: {_target_: torch.nn.CrossEntropyLoss, _partial_: true, _convert_: all}
optim: {name: novograd, lr: 0.01, betas: [0.95, 0.5], sched: {name: CosineAnnealing}}
`;

describe('the configuration of a NeMo model', () => {
  it.each([
    ['as NeMo writes it', CONFIG],
    ['with arguments in a list', `m: {_target_: ${CTC}, _args_: [1, {a: b}]}`],
    ['with a partial call', `m: {_target_: torch.optim.AdamW, _partial_: true, lr: 0.1}`],
    ['nested', `a: {b: [{c: {_target_: ${CTC}, d: {_target_: torch.nn.Linear, in_features: 1}}}]}`],
    ['with a class from before Hydra 1', `m: {cls: ${CTC}, params: {a: 1}}`],
    ['of OmegaConf', 'm: {_target_: omegaconf.DictConfig, content: {}}'],
    ['with names that are data', 'm: {name: adamw, type: bpe, strategy: greedy, dir: /tmp/tokenizer}'],
  ])('%s is clean', async (_, config) => {
    expect(await verdict(config)).toBe('clean');
    const packed = gzipSync(buildTar([{ name: 'model_config.yaml', data: config }]));
    expect((await scanPickleBytes(packed, 'm.nemo')).verdict).toBe('clean');
  });

  it('of a real recipe is clean', async () => {
    expect((await nemo(readFileSync('fixtures/text/hydra/nemo.yaml'))).verdict).toBe('clean');
  });

  it.each([
    'm: {_target_: os.system, _args_: [x]}',
    'm: {_target_: builtins.eval, _args_: [x]}',
    'm: {_target_: subprocess.Popen, args: x}',
    'm: {_target_: torch.hub.load, repo_or_dir: x}',
    'm: {_target_: torch.load, f: x}',
    'm: {_target_: nemo.utils.os.system, _args_: [x]}',
    'm: {_target_: nemo.collections.asr.models.ctc_models.os.system, _args_: [x]}',
    'target: os.system',
    'm: {target: subprocess.Popen, params: {args: x}}',
    'm: {cls: os.system, params: {}}',
    'm: {target: os.system}',
    `a: {b: [{c: {_target_: ${CTC}, d: {_target_: os.system}}}]}`,
    `m: {_target_: ${CTC}, _args_: [{_target_: os.system}]}`,
    'm: {"_tar\\x67et_": os.system}',
    '? _target_\n: os.system',
    'b: &b {_target_: os.system}\nm: {<<: *b}',
    'k: &k _target_\nm: {*k : os.system}',
    'p: &p os.system\nm: {_target_: *p}',
    '_target_: !!python/name:os.system x',
    'm: {_target_: hydra.utils.get_method, path: os.system}',
  ])('that reaches further is malicious: %s', async (config) => {
    expect(await verdict(config)).toBe('malicious');
  });

  it.each([
    'm: {_target_: my.package.Model}',
    'm: {_target_: nemo.collections.asr.models.EncDecCTCModel.restore_from}',
    'm: {_target_: nemo.collections.asr.models.EncDecCTCModels}',
    'm: {_target_: nemo.collections.asr.models.confidence_ensemble.ConfidenceEnsembleModel}',
    'm: {_target_: nemo.core.classes.common.Serialization.from_config_dict}',
    `m: {_target_: "${CTC} "}`,
    'm: {_target_: "${oc.env:X}"}',
    'm: {_target_: "${a}.${b}"}',
    'a: nemo\nm: {_target_: "${a}.collections.asr.models.EncDecCTCModel"}',
    'm: {target: my.package.Model}',
    'm: {cls: my.package.Model}',
    'm: {x: "${eval:1+1}"}',
    'm: {x: "${oc.env:HOME}"}',
    'm: {_target_: torch.nn.DataParallel}',
    'm: {_target_: torch.nn.functional.relu}',
    'm: {_target_: [os.system]}',
    `m: {_target_: ${CTC}\n`,
    `m: !!python/name:${CTC} x`,
  ])('that is not listed, computed or broken is not clean: %s', async (config) => {
    expect(await verdict(config)).not.toBe('clean');
  });

  it('is not clean beside a module that would provide the class', async () => {
    const { verdict: clean } = await nemo(CONFIG, [{ name: './model_weights.bin.json', data: '{}' }]);
    expect(clean).toBe('clean');
    expect((await nemo(CONFIG, [{ name: './nemo/__init__.py', data: 'import os' }])).verdict).not.toBe('clean');
  });

  it('is the last of its name, and the others count too', async () => {
    const members = [
      { name: './model_config.yaml', data: 'm: {_target_: os.system}' },
      { name: './model_config.yaml', data: CONFIG },
    ];
    expect((await scanPickleBytes(buildTar(members), 'm.nemo')).verdict).toBe('malicious');
  });

  it('outside of an archive is for other loaders', async () => {
    expect((await scanPickleBytes(Buffer.from(CONFIG), 'model_config.yaml')).verdict).toBe('suspicious');
    expect((await scanPickleBytes(buildTar([{ name: 'other.yaml', data: CONFIG }]), 'm.nemo')).verdict).toBe(
      'suspicious',
    );
  });
});

describe('the list of targets', () => {
  it('has exact names only', () => {
    expect(isNemoTarget(CTC)).toBe(true);
    fc.assert(
      fc.property(
        fc.constantFrom(CTC, 'torch.nn.Linear', 'torch.optim.AdamW'),
        fc.string({ minLength: 1 }),
        (name, more) => {
          expect(isNemoTarget(name + more)).toBe(/^(?:BPE)$/.test(more) && name === CTC);
          expect(isNemoTarget(more + name)).toBe(false);
        },
      ),
    );
  });
});
