import { describe, expect, it } from 'vitest';
import { type FoundReference, findReferences } from '../../src/references/index.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** `line target`, in short form. */
function told(path: string, text: string): string[] {
  return findReferences(path, text).map((one) => `${one.line} ${shown(one)}`);
}

function shown({ target, role, trustRemoteCode }: FoundReference): string {
  const marks = `${role === 'model' ? '' : ` (${role})`}${trustRemoteCode ? ' runs code' : ''}`;
  if (target.kind === 'unresolved') return `unresolved${marks}`;
  if (target.kind === 'local') return `local ${target.path}`;
  return `${target.reference}${target.pinned ? ' pinned' : ''}${marks}`;
}

describe('a Kubernetes manifest', () => {
  it('gives what its programs load, at the lines that name it', () => {
    const text = `apiVersion: apps/v1
kind: Deployment
metadata: { name: llm }
spec:
  template:
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.9.0
          args:
            - --model
            - acme/llm
            - --revision
            - ${COMMIT}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: { name: iris }
spec:
  predictor:
    model:
      modelFormat: { name: sklearn }
      storageUri: s3://models/iris/
`;
    expect(told('k8s/llm.yaml', text)).toEqual([`12 hf://acme/llm@${COMMIT} pinned`, '23 s3://models/iris/']);
  });
});

describe('YAML aliases', () => {
  it('are followed, and reported as unresolved where they multiply', () => {
    const head = 'apiVersion: v1\nkind: Pod\n';
    const alias = `${head}x: &m { storageUri: hf://acme/llm }\ny: *m\n`;
    expect(told('pod.yaml', alias)).toContain('3 hf://acme/llm');
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    expect(told('pod.yaml', `${head}a0: &a0 [model]\n${levels.join('\n')}\n`)).toEqual(['1 unresolved']);
  });
});

describe('Helm values and templates', () => {
  it('give the fields that name a model, with the revision beside them', () => {
    const text = `replicas: 1
image: { repository: acme/server, tag: v1 }
model:
  repoId: acme/llm
  revision: ${COMMIT}
embedding:
  modelId: "acme/embed"
storageUri: gs://bucket/model
dataset: acme/rows
`;
    expect(told('chart/values.yaml', text)).toEqual([
      `4 hf://acme/llm@${COMMIT} pinned`,
      '7 hf://acme/embed',
      '8 gs://bucket/model',
      '9 hf://datasets/acme/rows (dataset)',
    ]);
  });

  it('give an unresolved reference for a value from another file', () => {
    const text = `{{- if .Values.on }}
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: { name: {{ .Release.Name }} }
spec:
  predictor:
    model:
      storageUri: {{ .Values.uri }}
      other: hf://acme/llm
{{- end }}
`;
    expect(told('chart/templates/isvc.yaml', text)).toEqual(['8 unresolved', '9 hf://acme/llm']);
  });

  it('are read line by line when they cannot be parsed', () => {
    expect(told('broken.yaml', 'a: [\nmodel_id: acme/llm\n  - hf://acme/other\n')).toEqual([
      '2 hf://acme/llm',
      '3 hf://acme/other',
    ]);
  });
});

describe('commands in YAML', () => {
  it('are read: steps of a workflow, services of a Compose file', () => {
    const text = `jobs:
  build:
    steps:
      - run: |
          pip install x
          hf download acme/llm --revision ${COMMIT}
      - run: vllm serve acme/other --trust-remote-code
services:
  ollama:
    command: [ollama, pull, llama3]
`;
    expect(told('.github/workflows/x.yml', text)).toEqual([
      `6 hf://acme/llm@${COMMIT} pinned`,
      '7 hf://acme/other runs code',
      '10 ollama://llama3',
    ]);
  });
});

describe('a Dockerfile', () => {
  it('gives what is loaded in the build and at the start', () => {
    const text = `FROM python:3.12
ENV MODEL_ID=acme/llm
RUN pip install hf && \\
    huggingface-cli download acme/weights model.safetensors
RUN python -c "from transformers import AutoModel; AutoModel.from_pretrained('acme/cached')"
ADD https://huggingface.co/acme/file/resolve/main/model.bin /m/
RUN <<EOF
git clone https://huggingface.co/acme/cloned
EOF
CMD ["vllm", "serve", "acme/served", "--revision=${COMMIT}"]
`;
    expect(told('Dockerfile', text)).toEqual([
      '2 hf://acme/llm',
      '4 hf://acme/weights',
      '5 hf://acme/cached',
      '6 hf://acme/file@main/model.bin',
      '8 hf://acme/cloned',
      `10 hf://acme/served@${COMMIT} pinned`,
    ]);
    expect(findReferences('images/train.Dockerfile', text)).toHaveLength(6);
  });

  it('is read with continued lines joined, as by the shell', () => {
    const text = 'RUN huggingface-cli download acme/we\\\nights\n';
    expect(told('Dockerfile', text)).toEqual(['1 hf://acme/weights']);
  });
});

describe('a JSON file', () => {
  it('gives the fields that name a model', () => {
    const text = `{
  "base_model_name_or_path": "acme/base",
  "revision": "${COMMIT}",
  "nested": [{ "model": "acme/other" }],
  "name": "acme/not-a-model", "model": 3
}`;
    expect(told('adapter_config.json', text)).toEqual([`2 hf://acme/base@${COMMIT} pinned`, '4 hf://acme/other']);
  });

  it('is read beyond malformed parts', () => {
    expect(told('x.json', '{"model": "acme/llm", oops ')).toEqual(['1 hf://acme/llm']);
  });
});

describe('a notebook', () => {
  it('gives what its code and its commands load, at the lines of the file', () => {
    const cell = (lines: string[]) => ({ cell_type: 'code', source: lines.map((line) => `${line}\n`) });
    const text = JSON.stringify(
      {
        cells: [
          { cell_type: 'markdown', source: ['AutoModel.from_pretrained("acme/text")'] },
          cell(['!hf download acme/weights', 'NAME = "acme/llm"']),
          cell(['%pip install x', 'AutoModel.from_pretrained(', '    "acme/other",', ')', 'load_dataset("acme/rows")']),
          { cell_type: 'code', source: 'x = 1\nAutoModel.from_pretrained("acme/one")' },
        ],
      },
      null,
      1,
    );
    const line = (part: string) => text.split('\n').findIndex((one) => one.includes(part)) + 1;
    expect(told('n.ipynb', text)).toEqual([
      `${line('acme/weights')} hf://acme/weights`,
      `${line('AutoModel.from_pretrained(\\n')} hf://acme/other`,
      `${line('acme/rows')} hf://datasets/acme/rows (dataset)`,
      `${line('acme/one')} hf://acme/one`,
    ]);
  });
});

describe('a text without a reference', () => {
  it.each([
    ['package.json', '{"name": "x", "repository": "acme/models", "files": ["dist/model"]}'],
    ['.github/workflows/ci.yml', 'jobs: { a: { steps: [{ uses: actions/checkout@v4 }, { run: npm test }] } }'],
    ['values.yaml', 'image: acme/server\nsource: src/main.py\nurl: https://example.com/page\n'],
    ['a.py', 'import os\nprint(open("model/weights"))\nload("x/y")\npipeline = make()\nfetch("a/b", "c/d")\n'],
    ['Dockerfile', 'FROM acme/base:1\nRUN apt-get install -y git/main && make -m x\nCMD ["node", "server.js"]\n'],
    ['README.md', 'AutoModel.from_pretrained("acme/llm")'],
  ])('gives no reference: %s', (path, text) => {
    expect(told(path, text)).toEqual([]);
  });
});
