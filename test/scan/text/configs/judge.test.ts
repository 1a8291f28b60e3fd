import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGlobalPolicy } from '../../../../src/scan/lists/globals.ts';
import { judgeConfig } from '../../../../src/scan/text/configs/judge.ts';
import { configTarget } from '../../../../src/scan/text/configs/targets.ts';
import { plainTextScanner } from '../../../../src/scan/text/plain-text.ts';
import { scanBytes } from '../../../support/scan-bytes.ts';

const scan = (text: string) => scanBytes(Buffer.from(text), 'c.yaml', [plainTextScanner]);
const verdict = async (text: string) => (await scan(text)).verdict;

describe('a configuration of listed targets', () => {
  it.each([
    ['Hydra', 'lr: 0.1\noptim: {_target_: torch.optim.SGD, _partial_: true, lr: "${lr}", momentum: 0.9}'],
    ['Hydra, as a whole', '_target_: torch.optim.Adam\n_partial_: true\nlr: 1e-4\nweight_decay: 0.0'],
    ['Hydra, in a list', 'l: {_target_: torch.nn.Sequential, _args_: [{_target_: torch.nn.Linear, _args_: [1, 2]}]}'],
    [
      'Hydra, nested',
      'a: {b: [{_target_: torch.nn.TransformerEncoder, encoder_layer: {_target_: torch.nn.TransformerEncoderLayer, d_model: 8, nhead: 2}, num_layers: 2, _convert_: all, _recursive_: true}]}',
    ],
    [
      'Hydra, a value that is elsewhere',
      'n: {_target_: torch.nn.ReLU}\nl: {_target_: torch.nn.ModuleList, modules: ["${n}"]}',
    ],
    ['Hydra, its own defaults alone', 'defaults: [_self_]\nl: {_target_: torch.nn.L1Loss, reduction: mean}'],
    ['HyperPyYAML', 'n: 3\nm: !new:torch.nn.Linear {in_features: !ref <n>, out_features: !ref <n> * 2 + 1}'],
    [
      'HyperPyYAML, by place',
      'm: !new:speechbrain.nnet.containers.Sequential [!new:torch.nn.Linear [1, 2], !name:torch.nn.ReLU ]',
    ],
    [
      'HyperPyYAML, a class as a value',
      'a: !name:torch.nn.LeakyReLU\nm: !new:speechbrain.lobes.models.CRDNN.CRDNN {input_size: 4, activation: !ref <a>, rnn_layers: 2}\nk: (3, 3)',
    ],
    ['HyperPyYAML, a seed', 's: 1\n__set_seed: !apply:torch.manual_seed [!ref <s>]\nout: !ref results/<s>/save'],
    [
      'latent diffusion',
      'model:\n  base_learning_rate: 1.0e-4\n  target: ldm.modules.diffusionmodules.openaimodel.UNetModel\n  params: {image_size: 32, in_channels: 4, model_channels: 320, out_channels: 4, num_res_blocks: 2, attention_resolutions: [4, 2, 1]}',
    ],
    [
      'Lightning',
      'trainer:\n  accelerator: auto\n  callbacks:\n  - class_path: lightning.pytorch.callbacks.EarlyStopping\n    init_args: {monitor: val_loss, patience: 3}\nckpt_path: null',
    ],
  ])('of %s is clean', async (_, text) => {
    const { verdict, context } = await scan(text);
    expect([verdict, context.reports]).toEqual(['clean', []]);
  });

  it.each([
    ['an argument that the class lacks', 'm: {_target_: torch.nn.Linear, in_features: 1, out_features: 2, hook: 3}'],
    ['a path where a number belongs', 'm: {_target_: torch.nn.Linear, in_features: /etc/passwd, out_features: 2}'],
    ['a path where a word belongs', 'm: {_target_: torch.nn.L1Loss, reduction: a/b}'],
    ['a dotted name where a word belongs', 'm: {_target_: torch.nn.L1Loss, reduction: my.code}'],
    ['an address', 'm: {_target_: torch.nn.L1Loss, reduction: "http://x"}'],
    [
      'an object where a number belongs',
      'm: {_target_: torch.nn.Linear, in_features: {_target_: torch.nn.ReLU}, out_features: 1}',
    ],
    [
      'a class as a value where an object belongs',
      'm: {_target_: torch.nn.ModuleList, modules: [{_target_: torch.nn.ReLU, _partial_: true}]}',
    ],
    [
      'a part whose name is not a word',
      'm: !new:speechbrain.nnet.containers.Sequential {__class__: !new:torch.nn.ReLU {}}',
    ],
    ['an argument whose name is that of the rest', 'm: !new:speechbrain.nnet.containers.Sequential {"**": 1}'],
    ['too many arguments', 'm: {_target_: torch.nn.ReLU, _args_: [true, 1]}'],
    ['arguments that are not a list', 'm: {_target_: torch.nn.ReLU, _args_: {a: 1}}'],
    ['arguments that are computed', 'x: [1, 2]\nm: {_target_: torch.nn.Linear, _args_: "${x}"}'],
    ['an unlisted object within', 'm: {_target_: torch.nn.Sequential, _args_: [{_target_: my.Layer}]}'],
    ['a target that is computed', 'a: torch\nb: nn\nm: {_target_: "${a}.${b}.ReLU"}'],
    ['a target that stands elsewhere', 'a: torch.nn.ReLU\nm: {_target_: "${a}"}'],
    ['a value that is joined', 'a: x\nm: {_target_: torch.nn.L1Loss, reduction: "${a}y"}'],
    ['a value of another file', 'm: {_target_: torch.nn.L1Loss, reduction: "${other.value}"}'],
    ['a variable of the environment', 'm: {_target_: torch.nn.L1Loss, reduction: "${oc.env:HOME}"}'],
    ['a resolver anywhere', 'm: {_target_: torch.nn.ReLU}\nx: "${now:%Y}"'],
    ['a resolver whose name is computed', 'a: oc.env\nm: {_target_: torch.nn.ReLU}\nx: "${${a}:HOME}"'],
    ['a reference to itself', 'm: {_target_: torch.nn.ModuleList, modules: ["${m}"]}'],
    ['references in a circle', 'a: "${b}"\nb: "${a}"\nm: {_target_: torch.nn.L1Loss, reduction: "${a}"}'],
    ['other files', 'defaults: [../x, _self_]\nm: {_target_: torch.nn.ReLU}'],
    ['settings of Hydra', 'hydra: {run: {dir: /tmp/x}}\nm: {_target_: torch.nn.ReLU}'],
    ['settings of Hydra by its package', '# @package hydra.job\nm: {_target_: torch.nn.ReLU}'],
    ['an anchor', 'b: &b 1\nm: {_target_: torch.nn.Linear, in_features: *b, out_features: 1}'],
    ['a merge', 'b: {inplace: true}\nm: {<<: {x: 1}, _target_: torch.nn.ReLU}'],
    ['a key twice', 'm: {_target_: torch.nn.ReLU, _target_: torch.nn.ReLU}'],
    ['two documents', 'm: {_target_: torch.nn.ReLU}\n---\nm: {_target_: torch.nn.ReLU}'],
    ['a directive', '%TAG !n! !new:\n---\nm: !n!torch.nn.ReLU {}'],
    ['a tag on a key', '!!binary X3g=: 1\nm: {_target_: torch.nn.ReLU}'],
    ['two loaders', 'a: !new:torch.nn.ReLU {}\nm: {_target_: torch.nn.ReLU}'],
    ['a function where a class belongs', 'a: !new:speechbrain.nnet.losses.ctc_loss {}'],
    ['a function that is called', 'm: {_target_: speechbrain.nnet.losses.ctc_loss, blank_index: 0}'],
    ['a class that is applied', 'a: !apply:torch.nn.ReLU []'],
    ['a module', 'a: !module:torch.nn\nb: !new:torch.nn.ReLU {}'],
    ['another file', 'a: !include:../other.yaml {}\nb: !new:torch.nn.ReLU {}'],
    ['an attribute of an object', 'a: !new:torch.nn.ReLU {}\nb: !ref <a.__class__>'],
    ['a reference to what is not there', 'b: !new:torch.nn.Linear [!ref <a>, 1]'],
    ['a text that a reference puts together', `a: "(!!py"\nb: !ref <a>thon/x]\nc: !new:torch.nn.ReLU {}`],
    ['quotes that a reference joins', `a: x\nb: !ref "'(!' + '!python' + <a>"\nc: !new:torch.nn.ReLU {}`],
    ['a power', `a: 9\nb: !ref <a> ** <a> ** <a>\nc: !new:torch.nn.ReLU {}`],
    ['a checkpoint of Lightning', 'ckpt_path: last\nm: {class_path: torch.nn.ReLU}'],
    ['a file of settings of Lightning', 'model: other.yaml\nm: {class_path: torch.nn.ReLU}'],
    ['other arguments of Lightning', 'm: {class_path: torch.nn.ReLU, dict_kwargs: {inplace: true}}'],
    ['an unlisted part of a configuration', 'm: {target: ldm.models.X, params: {a: {target: torch.nn.ReLU}}}'],
    ['a class of which no list says', 'm: {_target_: torch.nn.DataParallel}'],
    ['a method of a listed class', 'm: {_target_: torch.nn.Linear.load_state_dict}'],
    ['a listed name with more', 'm: {_target_: "torch.nn.ReLU "}'],
    ['a listed name in other brackets', 'm: {_target_: [torch.nn.ReLU]}'],
  ])('with %s is not clean', async (_, text) => {
    expect(['suspicious', 'not-assessed']).toContain(await verdict(text));
  });

  it.each([
    'm: {_target_: torch.nn.Sequential, _args_: [{_target_: os.system, _args_: [x]}]}',
    'm: {_target_: torch.nn.modules.module.os.system, _args_: [x]}',
    'm: {_target_: hydra.utils.get_method, path: os.system}',
    'm: {_target_: hydra.utils.get_class, path: subprocess.Popen}',
    'm: {_target_: hydra.utils.instantiate}',
    'm: {_target_: hydra.utils.call}',
    'm: {_target_: functools.partial, _args_: [{_target_: builtins.eval}]}',
    'm: {_target_: builtins.getattr, _args_: [a, b]}',
    'm: {_target_: importlib.import_module, name: x}',
    'm: {_target_: torch.hub.load, repo_or_dir: a/b, model: c}',
    'm: {_target_: torch.load, f: x}',
    'm: {_target_: builtins.open, file: x, mode: w}',
    'm: {_target_: shutil.rmtree, path: /}',
    'm: {_target_: pathlib.Path.write_text}',
    'm: {_target_: runpy.run_path, path_name: x}',
    'm: {class_path: torch.nn.Sequential, init_args: {a: {class_path: os.system}}}',
    'm: {target: torch.nn.Sequential, params: {a: {target: os.system}}}',
    'a: !new:torch.nn.Sequential [!apply:os.system [x]]',
    'a: !applyref:os.system [x]',
    'a: !apply:getattr [a, b]',
    'a: !name:functools.partial [!name:os.system]',
    'a: (!!python/object/apply:os.system [x])',
    'a: "(!!python/object/apply:os.system [x])"',
    'a: !tuple "(!!python/object/apply:os.system [x])"',
    'a: (1, (!apply:os.abort ))',
    'a: !!python/object/apply:os.system [x]\nb: !new:torch.nn.ReLU {}',
  ])('that reaches further is malicious: %s', async (text) => {
    expect(await verdict(text)).toBe('malicious');
  });

  it('says why a target is not listed, and how it is allowed', async () => {
    const { context } = await scan(
      'm: {_target_: my.package.Model}\nn: {_target_: torch.nn.Linear, in_features: /a, out_features: 1}',
    );
    const [first, second] = context.reports.map(({ message }) => message);
    expect(first).toContain('{module: my.package, name: Model, uses: [call]}');
    expect(second).toContain('not with this argument "in_features"');
  });
});

describe('what an organisation allows', () => {
  const globals = createGlobalPolicy({
    allowances: [
      { module: 'my', name: 'Model', uses: ['call'], owner: 'a', reason: 'b', expires: '9999-12-31' },
      { module: 'my', name: 'Pickled', uses: ['build'], owner: 'a', reason: 'b', expires: '9999-12-31' },
    ],
  });
  const left = (text: string) => [...(judgeConfig(text, globals).rest?.findings.values() ?? [])].length;

  it('is listed with numbers, words and listed objects', () => {
    expect(left('m: {_target_: my.Model, n: 1, kind: big, net: {_target_: torch.nn.ReLU}}')).toBe(0);
    expect(judgeConfig('m: {_target_: my.Model, path: /a}', globals).why.get('my.Model')).toMatch(/argument is more/);
    expect(left('m: {_target_: my.Pickled}')).toBe(1);
  });

  it('is void where a file of the artifact takes its place', () => {
    const provided = createGlobalPolicy({ provided: new Set(['torch']) });
    expect(judgeConfig('m: {_target_: torch.nn.ReLU}', provided).why.get('torch.nn.ReLU')).toMatch(/in its place/);
  });
});

describe('the judge of configurations', () => {
  const globals = createGlobalPolicy();
  const leaf = fc.oneof(
    fc.constantFrom(
      '1',
      'mean',
      '/etc/x',
      '${a}',
      '"${a.b}"',
      '!ref <a>',
      '!ref <a>/x',
      '!new:torch.nn.ReLU {}',
      '(1, 2)',
      '*x',
      '~',
    ),
    fc.string({ maxLength: 8 }),
  );
  const key = fc.constantFrom(
    '_target_',
    '_args_',
    'target',
    'params',
    'class_path',
    'init_args',
    'a',
    'b',
    '<<',
    'x: &x',
  );
  const tree = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.constantFrom('torch.nn.Linear', 'torch.nn.ReLU', 'os.system', 'my.Class'),
      fc.array(tie('node'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc
        .array(fc.tuple(key, tie('node')), { maxLength: 4 })
        .map((pairs) => `{${pairs.map((one) => one.join(': ')).join(', ')}}`),
    ),
  })).node;

  it('ends on any text, and leaves no target out that is not listed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, tree), { maxLength: 4 }), (pairs) => {
        const text = pairs.map((one) => one.join(': ')).join('\n');
        const { rest } = judgeConfig(text, globals);
        if (rest === undefined) return;
        const named = /_target_: (?:os\.system|my\.Class)/.test(text);
        if (named && !text.includes('"')) expect(rest.findings.size + rest.interests.size).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('does bounded work on references that multiply', () => {
    const lines = Array.from({ length: 60 }, (_, i) => `a${i + 1}: !ref <a${i}><a${i}>`);
    expect(judgeConfig(`a0: x\n${lines.join('\n')}\nm: !new:torch.nn.ReLU {}`, globals).objection).toBeUndefined();
    const deep = `${'{_target_: torch.nn.ModuleList, modules: ['.repeat(40)}1${']}'.repeat(40)}`;
    expect(judgeConfig(`m: ${deep}`, globals).objection).toMatch(/nested/);
  });

  it('has exact names only', () => {
    expect(configTarget('torch.nn.Linear')?.takes.get('in_features')).toBe('n');
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (more) => {
        expect(configTarget(`torch.nn.Linear ${more}`)).toBeUndefined();
        expect(configTarget(`${more}torch.nn.Linear`)).toBeUndefined();
      }),
    );
  });
});
