import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plainTextScanner } from '../../../src/scan/text/plain-text.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

async function verdict(file: string, text: string | Uint8Array): Promise<string> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return (await scanBytes(bytes, file, [plainTextScanner])).verdict;
}

describe('text that loaders turn into objects', () => {
  it.each([
    ['hyperpyyaml/hyperparams.yaml', 'clean'],
    ['hydra/nemo.yaml', 'suspicious'],
    ['latent-diffusion/v1-inference.yaml', 'suspicious'],
    ['lightning/config.yaml', 'suspicious'],
    ['spacy/config.cfg', 'clean'],
    ['plain/training.yaml', 'clean'],
    ['plain/settings.toml', 'clean'],
    ['plain/data.ini', 'clean'],
  ])('in a real configuration gets a verdict: %s is %s', async (file, expected) => {
    expect(await verdict(file, readFileSync(`fixtures/text/${file}`))).toBe(expected);
  });

  it.each([
    ['c.yaml', 'a: !new:subprocess.Popen [x]'],
    ['c.yaml', 'a: !apply:os.system [x]'],
    ['c.yaml', 'a: !name:os.system'],
    ['c.yaml', 'a: !module:os'],
    ['c.yaml', 'a: !apply:eval [x]'],
    ['c.yaml', 'a: !new:torch.os.system [x]'],
    ['c.yaml', '_target_: torch.ops.aten.from_file.default'],
    ['c.yaml', '_target_: torch.ops.load_library'],
    ['c.yaml', 'a: !<tag:yaml.org,2002:python/object/apply:os.system> [x]'],
    ['c.yaml', '%TAG !e! tag:yaml.org,2002:python/object/\n---\n!e!apply:os.system [x]'],
    ['c.yaml', 'target: subprocess.Popen\nparams: {args: x}'],
    ['c.yaml', 'params: {args: x}\ntarget: subprocess.Popen'],
    ['c.yaml', 'p: &p subprocess.Popen\nm: {target: *p, params: {}}'],
    ['c.yaml', 'b: &b {target: subprocess.Popen}\nm: {<<: *b, params: {}}'],
    ['c.yaml', 'class_path: subprocess.Popen\ninit_args: {args: x}'],
    ['c.yaml', '"\\x5ftarget_": os.system'],
    ['c.yaml', 'x: {_target_: builtins.eval, _args_: [y]}'],
    ['c.yaml', '- &k _target_\n- {*k : os.system}'],
    ['c.yaml', '# c\u2028_target_: os.system'],
    ['c.yaml', 'a: 1\n---\n_target_: os.system'],
    ['c.yaml', 'handlers: {h: {(): os.system}}'],
    ['c.yaml', '_component_: os.system'],
    ['c.txt', 'a: !new:subprocess.Popen [x]'],
    ['README.md', '---\na: !new:subprocess.Popen [x]\n---\n# Title\n'],
    ['t.csv', '{_target_: os.system}'],
    ['x.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>: !apply:os.system [x]'],
    ['c', '!apply:os.system [x]'],
    ['c.json', '{"target": "subprocess.Popen", "params": {"args": "x"}}'],
    ['c.json', '{"\\u005ftarget_": "os.system"}'],
    ['c.json', '{"class_path": "os.system"}'],
    ['c.json', '{"py/reduce": [{"py/function": "os.system"}]}'],
    ['c.toml', '[model]\n_target_ = "os.system"'],
    ['c.toml', 'm = { "\\u005ftarget_" = "os.system" }'],
    ['c.toml', 'm."_target_" = "os.system"'],
    ['c.ini', '[m]\n_TARGET_: os.system'],
    ['c.txt', '[m]\n_target_ = "os.system"'],
    ['c.txt', '[m]\n"\\u005ftarget_" = "os.system"'],
    ['c.yaml', '_target_: "os\\\n  .system"'],
    ['c.yaml', '? {a: b}\n: {_target_: os.system}'],
    ['c.yaml', 'a:\t!new:os.system []'],
    ['x.html', '<html>: !new:os.system []'],
    [
      'c.gin',
      'from __gin__ import dynamic_registration\nimport os\nos.system.command = "x"\ntrain.hook = @os.system()\n',
    ],
    ['c.gin', 'import subprocess as s\ntrain.hook = @s.Popen\n'],
    ['c.gin', 'from os import system\nimport x\nF = @a/b/x.os.system()\ntrain.hook = %F\n'],
    ['c.gin', 'from os import path as p\nf.x = [1, {"a": @p.os.system()}]\n'],
    ['c.yaml', '_target_: mlflow.SomeLogger'],
    ['c.yaml', '_target_: my.mlflow.pyfunc.load_model'],
    ['c.yaml', 'handlers: {h: {class: logging.FileHandler, filename: /root/.bashrc}}'],
    ['c.yaml', 'handlers: {h: {class: logging.FileHandler, filename: ../../a.log}}'],
    ['c.yaml', 'handlers: {h: {class: logging.FileHandler, filename: a.py}}'],
    ['c.yaml', 'handlers: {h: {class: logging.FileHandler}}'],
    ['c.yaml', `chat_template: "{{ x.__class__ }}"`],
    ['c.yaml', 'doc_to_text: "{{ x.__class__ }}"'],
  ])('in %s with %j is malicious', async (file, text) => {
    expect(await verdict(file, text)).toBe('malicious');
  });

  it('is read in other encodings', async () => {
    expect(await verdict('c.yaml', Buffer.from('\ufeffa: !new:os.system []', 'utf16le'))).toBe('malicious');
    expect(await verdict('c.yaml', Buffer.from('\ufeff_target_: os.system'))).toBe('malicious');
  });

  it.each([
    ['c.yaml', '_target_: my.package.Class'],
    ['c.yaml', '_target_: lightning.pytorch.loggers.mlflow.MLFlowLogger'],
    ['c.yaml', 'o: {_target_: torch.distributed.optim.ZeroRedundancyOptimizer}'],
    ['c.yaml', 'handlers: {h: {class: logging.FileHandler, filename: log.txt}}'],
    ['c.yaml', 'h: {filename: "${hydra.runtime.output_dir}/${hydra.job.name}.log", class: logging.FileHandler}'],
    ['c.yaml', 'a: !new:my.Class {}'],
    ['c.yaml', 'a: !function utils.process'],
    ['c.yaml', 'a: !include:other.yaml'],
    ['c.yaml', 'target: ldm.models.X\nparams: {}'],
    ['c.yaml', 'a: os\nb: {target: "${a}.system", params: {}}'],
    ['c.yaml', '_target_: ${oc.env:X}'],
    ['c.ini', '[a]\nclass_path = %(y)s'],
    ['c.toml', 'class_path = "my.Class"'],
  ])('in %s with %j is suspicious', async (file, text) => {
    expect(await verdict(file, text)).toBe('suspicious');
  });

  it.each([
    ['c.yaml', 'target: my.package.Class'],
    ['c.yaml', 'type: torch.optim.SGD'],
    ['c.yaml', 'a: !ref <b>'],
    ['c.yaml', 'a: !!python/tuple [1]'],
    ['c.yaml', 'a: ${eval:x}'],
    ['c.yaml', 'a: [1'],
    ['c.yaml', 'a: b: c'],
    ['c.yaml', 'a: "x\u2028y"'],
    ['logging.ini', '[handlers]\nkeys=x\n'],
    ['x.gin', 'a.b = @c()'],
    ['x.gin', 'import t5.models\nfrom t5 import data\nm.x = @t5.models.Model()\nrun.f = 1e-3\n# @os.system()\n'],
    ['x.ps1', 'Write-Host x'],
    ['x.bat', 'echo x'],
    ['x.lua', 'print(1)'],
    ['x.R', 'print(1)'],
    ['x.jl', 'x = 1'],
    ['x.rb', '["#{system(1)}"]'],
    ['x.php', 'x'],
    ['x.vbs', 'x'],
    ['c.yaml', 'a: os.system'],
    ['c.yaml', '_target_: [os.system]'],
    ['c.yaml', 'hydra: {job: {env_set: {A: b}}}'],
    ['local.env', 'LD_PRELOAD=/x.so'],
    ['x.properties', 'a=${script:js:1}'],
    ['Makefile', 'all:\n\techo x\n'],
    ['Dockerfile', 'FROM x\n'],
    ['docker/Dockerfile.gpu', 'FROM x\n'],
    ['.github/workflows/ci.yml', 'on: push\n'],
    ['docker-compose.yml', 'services: {}\n'],
    ['x.pth', './lib\n'],
    ['x.tmpl', 'x'],
    ['model.prototxt', 'layer { type: "Python" }'],
    ['run', 'echo $(id)\n'],
    ['a.unheard', 'f(x) = 1\n'],
  ])('in %s with %j is not assessed', async (file, text) => {
    expect(await verdict(file, text)).toBe('not-assessed');
  });

  it('is not judged in YAML that is nested too deeply', async () => {
    expect(await verdict('c.yaml', '['.repeat(1_000))).toBe('unknown');
    expect(await verdict('c.yaml', '- '.repeat(1_000))).toBe('unknown');
  });

  it.each([
    ['vocab.txt', '[PAD]\n[UNK]\n!\n!!\n"\n#\n_target_\ncos\nsin\n'],
    ['vocab.txt', '!\n!!\n!new\n'],
    ['merges.txt', '#version: 0.2\n\u0120 t\n! !\n" :\n{ {\n'],
    ['vocab.json', '{"()": 1, "class": 2, "target": 3, "params": 4, "os.system": 5, "!new": 6, "{{": 7}'],
    ['LICENSE', 'MIT License\n\nCopyright (c) 2020 {name} <a@b.c>; "AS IS"\n'],
    ['README.md', '---\nlicense: mit\ntags:\n- a\n---\n# T\n\n![i](x.png) `f(x)`\n```python\nimport os\n```\n'],
    ['t.csv', 'a,b\n1,"x: !y"\n'],
    ['words', 'one\ntwo three\n'],
    ['c.yaml', 'b: (see 1, 2)\nc: "(Hello, world!)"\n'],
    ['.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n'],
    ['config.json', '{"model_type": "bert", "type": "x", "torch_dtype": "float32", "task": {"class": "x"}}'],
    [
      'tokenizer.json',
      '{"decoder": {"type": "ByteLevel"}, "model": {"vocab": {"a": 0}, "merges": ["a b", "os .system"]}}',
    ],
    ['c.yaml', 'lr: 1e-3\nname: "a: b"\nurl: https://x.example/y?z\ntime: 10:30\n'],
    ['data.jsonl', '{"source": "a", "target": "b.c"}\n{"text": "{{ x.__class__ }} {% y %}"}\n'],
    ['en.txt', 'It is 5% off! See "it": {this}.\n'],
  ])('is not found in %s with %j, which is clean', async (file, text) => {
    expect(await verdict(file, text)).toBe('clean');
  });
});
