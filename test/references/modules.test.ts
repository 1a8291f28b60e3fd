import { describe, expect, it } from 'vitest';
import { findReferences, importsOf } from '../../src/references/index.ts';

/** What a text of a repository loads, in short form. */
function told(files: Readonly<Record<string, string | undefined>>, path = 'train.py'): string[] {
  const modules = { has: (one: string) => Object.hasOwn(files, one), source: (one: string) => files[one] };
  return findReferences(path, files[path] ?? '', modules).map(({ line, target }) => {
    if (target.kind === 'unresolved') return `${line} ? ${target.why}`;
    return `${line} ${target.kind === 'local' ? `local ${target.path}` : target.reference}`;
  });
}

const load = (name: string) => `M.from_pretrained(${name})`;

describe('a name from another module of the repository', () => {
  it.each([
    [
      'imported by its name',
      { 'train.py': `from config import N\n${load('N')}`, 'config.py': 'N = "a/b"' },
      ['2 hf://a/b'],
    ],
    [
      'imported under another name',
      { 'train.py': `from config import N as name\n${load('name')}`, 'config.py': 'N = "a/b"' },
      ['2 hf://a/b'],
    ],
    [
      'accessed through its module',
      { 'train.py': `import config\n${load('config.N')}`, 'config.py': 'N = "a/b"' },
      ['2 hf://a/b'],
    ],
    [
      'accessed through a module of a package',
      { 'train.py': `import acme.config as c\n${load('c.N')}`, 'acme/config.py': 'N = "a/b"' },
      ['2 hf://a/b'],
    ],
    [
      'accessed through the whole path of its module',
      {
        'train.py': `import acme.config\n${load('acme.config.N')}`,
        'acme/__init__.py': '',
        'acme/config.py': 'N = "a/b"',
      },
      ['2 hf://a/b'],
    ],
    [
      'in a module that is imported from a package',
      { 'train.py': `from acme import config\n${load('config.N')}`, 'acme/config.py': 'N = "a/b"' },
      ['2 hf://a/b'],
    ],
    [
      're-exported by a package',
      {
        'train.py': `from acme import N\n${load('N')}`,
        'acme/__init__.py': 'from .config import N',
        'acme/config.py': 'N = "a/b"',
      },
      ['2 hf://a/b'],
    ],
    [
      'imported by a star import',
      { 'train.py': `from config import *\n${load('N')}`, 'config.py': 'N = "a/b"' },
      ['2 hf://a/b'],
    ],
    [
      'in a class',
      { 'train.py': `from config import Config\n${load('Config.n')}`, 'config.py': 'class Config:\n  n: str = "a/b"' },
      ['2 hf://a/b'],
    ],
    [
      'built from other names',
      { 'train.py': `from config import N\n${load('f"{N}-c"')}`, 'config.py': 'O = "a"\nN = O + "/b"' },
      ['2 hf://a/b-c'],
    ],
    [
      'in a dict',
      { 'train.py': `import config\n${load('config.T["x"]')}`, 'config.py': 'T = {"x": "a/b", "y": "c/d"}' },
      ['2 hf://a/b'],
    ],
  ])('is resolved: %s', (_, files, expected) => {
    expect(told(files)).toEqual(expected);
  });

  it.each([
    ['in the same package', 'from .config import N', 'x/y/config.py'],
    ['in the parent package', 'from ..config import N', 'x/config.py'],
    ['through a module', 'from . import config\nN = config.N', 'x/y/config.py'],
    ['by a path from the root of the repository', 'from x.y.config import N', 'x/y/config.py'],
    ['below src', 'from acme.config import N', 'src/acme/config.py'],
    ['in a package', 'from ..c import N', 'x/c/__init__.py'],
  ])('is found %s', (_, statement, path) => {
    const files = { 'x/y/train.py': `${statement}\n${load('N')}`, [path]: 'N = "a/b"' };
    expect(told(files, 'x/y/train.py').map((one) => one.slice(2))).toEqual(['hf://a/b']);
    expect(importsOf('x/y/train.py', statement)).toContain(path);
  });

  it('gives each candidate when several modules have the name', () => {
    const files = {
      'a/train.py': `from config import N\n${load('N')}`,
      'a/config.py': 'N = "a/b"',
      'config.py': 'N = "c/d"',
    };
    expect(told(files, 'a/train.py')).toEqual(['2 hf://a/b', '2 hf://c/d']);
    const either = {
      'train.py': `try:\n  from config import N\nexcept ImportError:\n  N = "c/d"\n${load('N')}`,
      'config.py': 'N = "a/b"',
    };
    expect(told(either).sort()).toEqual(['5 hf://a/b', '5 hf://c/d']);
  });

  it.each([
    [
      'from a package that is not in the repository',
      { 'train.py': `from config import N\n${load('N')}` },
      'comes from config.N',
    ],
    [
      'that its module does not set',
      { 'train.py': `from config import N\n${load('N')}`, 'config.py': 'M = 1' },
      'comes from config.N',
    ],
    [
      'that its module computes',
      { 'train.py': `from config import N\n${load('N')}`, 'config.py': 'N = f()' },
      'computed by a call',
    ],
    [
      'from a module that was not read',
      { 'train.py': `from config import N\n${load('N')}`, 'config.py': undefined },
      'config.py, which was not read',
    ],
    [
      'from above the repository',
      { 'train.py': `from ...config import N\n${load('N')}`, 'config.py': 'N = "a/b"' },
      'comes from',
    ],
    [
      'from an environment variable',
      { 'train.py': `import config\n${load('config.N')}`, 'config.py': 'import os\nN = os.environ["N"]' },
      'what is computed',
    ],
  ])('is unresolved when it is one %s', (_, files: Record<string, string | undefined>, why) => {
    const found = told(files);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(why);
  });

  it('from a settings object gives the default, and is reported as configurable', () => {
    const files = {
      'train.py': `from config import settings\n${load('settings.model')}`,
      'config.py': 'class Settings(BaseSettings):\n  model: str = "a/b"\nsettings = Settings()\n',
    };
    expect(told(files)).toEqual(['2 hf://a/b', '2 ? its name settings.model may be set when it is made']);
  });

  it('is resolved without an endless loop when modules import each other or themselves', () => {
    const round = { 'train.py': `from a import N\n${load('N')}`, 'a.py': 'from b import N', 'b.py': 'from a import N' };
    expect(told(round)).toHaveLength(1);
    const own = { 'train.py': `from train import *\nfrom train import N\n${load('N')}` };
    expect(told(own)).toHaveLength(1);
    const names = Array.from({ length: 30 }, (_, i) => `m${i}`);
    const all = names.map((name) => `from ${name} import *`).join('\n');
    const mesh = Object.fromEntries(names.map((name) => [`${name}.py`, all]));
    expect(told({ ...mesh, 'train.py': `${all}\n${load('N')}` })).toHaveLength(1);
  });
});

describe('a notebook', () => {
  it('is read as one module over its cells, and an invalid cell hides no other', () => {
    const cell = (...source: string[]) => ({ cell_type: 'code', source: source.map((line) => `${line}\n`) });
    const text = JSON.stringify(
      { cells: [cell('from config import N', 'NAME = "c/d"'), cell('x = (1,'), cell(load('N')), cell(load('NAME'))] },
      null,
      1,
    );
    const line = (part: string) => text.split('\n').findIndex((one) => one.includes(part)) + 1;
    expect(told({ 'n.ipynb': text, 'config.py': 'N = "a/b"' }, 'n.ipynb')).toEqual([
      `${line('pretrained(N)')} hf://a/b`,
      `${line('pretrained(NAME)')} hf://c/d`,
    ]);
  });
});

describe('calls of torch.hub, TensorFlow Hub and Ollama', () => {
  it.each([
    ['a branch', 'torch.hub.load("o/r:main", "m")', '2 github:o/r'],
    ['a folder', 'torch.hub.load("vendor/r", "m", source="local")', '2 local vendor/r'],
    ['a graph', 'hub.load("https://tfhub.dev/google/x/1")', '2 https://tfhub.dev/google/x/1'],
    ['an Ollama model', 'ollama.chat(model="llama3")', '2 ollama://llama3'],
  ])('give %s', (_, call, expected) => {
    expect(told({ 'train.py': `import torch, ollama\n${call}` })).toEqual([expected]);
  });
});
