import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { FileBudget } from '../../src/core/budget.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { readDirectory } from '../../src/formats/zip/directory.ts';
import { locate } from '../../src/formats/zip/members.ts';
import { type Built, buildZip, memory } from '../support/containers.ts';
import { framed, type Interpreter, jailed } from './jail.ts';

/** A model of TorchScript. */
export interface ScriptModel {
  readonly title: string;
  /** `m.pt`, or `m.ptl` of the mobile interpreter. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What loading and running a model did. */
export interface ScriptRun {
  /** `ran`, or the error. */
  readonly end: string;
  /** Files that it made. */
  readonly made: readonly string[];
}

const FIXTURES = new URL('../../fixtures/torchscript/', import.meta.url);
const FILE = '"made"';

/** Lines of a `forward` of `x: Tensor`, each a way to reach something, or one that looks like it. `acts`: PyTorch 1.13 makes the file. */
const BODIES: readonly (readonly [title: string, body: string, acts: boolean])[] = [
  ['a call of the operator', `_0 = torch.save(x, ${FILE})`, true],
  ['a call by its namespace', `_0 = ops.aten.save(x, ${FILE})`, true],
  ['a call through autograd', `_0 = torch.autograd.save(x, ${FILE})`, true],
  ['torch as a value', `t = torch\n    _0 = t.save(x, ${FILE})`, true],
  ['a namespace as a value', `t = ops.aten\n    _0 = t.save(x, ${FILE})`, true],
  ['ops as a value', `t = ops\n    _0 = t.aten.save(x, ${FILE})`, true],
  ['the operator as a value', `save = torch.save\n    _0 = save(x, ${FILE})`, true],
  ['getattr of torch', `_0 = getattr(torch, "save")(x, ${FILE})`, true],
  ['getattr of a namespace', `_0 = getattr(ops.aten, "save")(x, ${FILE})`, true],
  ['getattr of ops', `_0 = getattr(ops, "aten").save(x, ${FILE})`, true],
  ['getattr with neighbouring literals', `_0 = getattr(torch, "sa" 've')(x, ${FILE})`, true],
  ['getattr with three quotes', `_0 = getattr(torch, """save""")(x, ${FILE})`, true],
  ['getattr with an octal escape', `_0 = getattr(torch, "\\163ave")(x, ${FILE})`, true],
  ['a file that is mapped', `x = torch.add(x, torch.sum(torch.from_file(${FILE}, True, 4)))`, true],
  ['blanks within the path', `_0 = torch . save (x, ${FILE})`, true],
  ['a line that goes on', `_0 = torch\\\n      .save(x, ${FILE})`, true],
  ['a loop', `for i in range(1):\n      _0 = torch.save(x, ${FILE})`, true],
  ['a comprehension', `_0 = [torch.save(y, ${FILE}) for y in [x]]`, true],
  [
    'a branch',
    `if torch.gt(torch.len(torch.size(x)), 0):\n      _0 = torch.save(x, ${FILE})\n    else:\n      pass`,
    true,
  ],
  ['a string of three quotes before', `_1 = """ " """\n    _0 = torch.save(x, ${FILE})\n    _2 = """ " """`, true],
  ['a comment behind', `_0 = torch.save(x, ${FILE})  # harmless`, true],
  ['an argument of another call', `_0 = torch.len([torch.save(x, ${FILE})])`, true],
  ['a tuple', `_0 = (1, torch.save(x, ${FILE}))`, true],
  ['a method of a tensor', `_0 = x.save(${FILE})`, false],
  ['a method of a text', `_0 = ${FILE}.from_file(True, 4)`, false],
  ['a method of a value in parentheses', `_0 = (x).save(${FILE})`, false],
  ['getattr of a tensor', `_0 = getattr(x, "save")(${FILE})`, false],
  ['text that names it', `_0 = "torch.save(x)"`, false],
  ['a comment that names it', `pass  # torch.save(x, ${FILE})`, false],
  ['an attribute of a library', '_0 = torch.ops.load_library("x.so")', false],
  ['a class in C++', `_0 = __torch__.torch.classes.dist_c10d.FileStore(${FILE}, 1)`, false],
  ['an unknown namespace', '_0 = ops.mylib.run(x)', false],
  ['a remote call', '_0 = ops.prim.rpc_sync("a", "b", ())', false],
  ['a read of a picture', `_0 = ops.torchvision.read_file(${FILE})`, false],
  ['Python', '_0 = eval("1")', false],
];

/** Bodies that do nothing, or that the compiler refuses because a method needs an argument `self`; they are judged clean. */
export const HARMLESS: ReadonlySet<string> = new Set([
  'text that names it',
  'a comment that names it',
  'getattr of a tensor',
]);

/** Members of a zip that PyTorch wrote. */
export async function membersOf(file: string): Promise<Built[]> {
  const source = memory(readFileSync(new URL(file, FIXTURES)), file);
  const directory = await readDirectory(source, DEFAULT_LIMITS, new FileBudget(DEFAULT_LIMITS, source.size));
  const members: Built[] = [];
  for (const entry of directory?.entries ?? []) {
    const member = await locate(source, entry);
    if (member === undefined) throw new Error(`${file} has no ${entry.name}`);
    const stored = Buffer.from(await source.read(member.dataStart, member.dataEnd - member.dataStart));
    members.push({ name: entry.name, data: member.method === 0 ? stored : inflateRawSync(stored) });
  }
  return members;
}

/** Source of a module that takes a tensor, with lines before its result. */
export function moduleSource(body: string, attributes = '', more = ''): string {
  return `class Writes(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n  _is_full_backward_hook : Optional[bool]\n${attributes}  def forward(self: __torch__.Writes,\n    x: Tensor) -> Tensor:\n    ${body}\n    return torch.add(x, 1)\n${more}`;
}

/** The archive of `acts-writes.pt` with other source. */
export async function archiveOf(source: string, change: (members: Built[]) => Built[] = (all) => all): Promise<Buffer> {
  const members = (await membersOf('acts-writes.pt')).map((one) =>
    one.name.endsWith('__torch__.py') ? { ...one, data: source } : one,
  );
  return buildZip(change(members));
}

const CODE = 'archive/code/__torch__.py';
const EVIL = `_0 = torch.save(x, ${FILE})`;

export interface ScriptCase extends ScriptModel {
  readonly acts: boolean;
}

/** Relatives of a model that writes a file. */
export async function scriptCases(): Promise<ScriptCase[]> {
  const cases: ScriptCase[] = [];
  const add = async (title: string, acts: boolean, bytes: Promise<Buffer> | Uint8Array, name = 'm.pt') =>
    void cases.push({ title, name, acts, bytes: await bytes });
  for (const [title, body, acts] of BODIES) await add(title, acts, archiveOf(moduleSource(body)));
  const method = `  def hook(self: __torch__.Writes,\n    args: Tuple[Tensor]) -> NoneType:\n    x = (args)[0]\n    ${EVIL}\n    return None\n`;
  await add('a hook', true, archiveOf(moduleSource('pass', '  __forward_pre_hooks__ = ["hook", ]\n', method)));
  const called = `  def other(self: __torch__.Writes,\n    x: Tensor) -> int:\n    ${EVIL}\n    return 1\n`;
  await add('another method', true, archiveOf(moduleSource('_0 = (self).other(x, )', '', called)));
  const free = `def other(x: Tensor) -> int:\n  ${EVIL}\n  return 1\n`;
  const imported = moduleSource('_0 = __torch__.more.other(x)');
  const beside = (name: string, data: string) => (all: Built[]) => [...all, { name, data }];
  await add('a function of another file', true, archiveOf(imported, beside('archive/code/__torch__/more.py', free)));
  await add('a file in other letters', true, archiveOf(imported, beside('archive/CODE/__torch__/MORE.PY', free)));
  const upper = (all: Built[]) => all.map((one) => ({ ...one, name: one.name.toUpperCase() }));
  await add('an archive in other letters', true, archiveOf(moduleSource(EVIL), upper));
  const twice = (first: string, second: string) => archiveOf(first, (all) => [...all, { name: CODE, data: second }]);
  await add('a second member of the name', true, twice(moduleSource('pass'), moduleSource(EVIL)));
  await add('a first member of the name', false, twice(moduleSource(EVIL), moduleSource('pass')));
  for (const file of ['acts-writes.pt', 'acts-maps.pt', 'acts-writes.ptl', 'acts-maps.ptl'])
    await add(file, true, readFileSync(new URL(file, FIXTURES)), file);
  await add('bytecode beside harmless source', true, lite(moduleSource('pass')), 'm.ptl');
  return cases;
}

/** The mobile program that writes a file, with other source. */
async function lite(source: string): Promise<Buffer> {
  const members = await membersOf('acts-writes.ptl');
  return buildZip(members.map((one) => (one.name.endsWith('__torch__.py') ? { ...one, data: source } : one)));
}

/** Loads and runs models in a jail, each in a process of its own. @throws Error when it does not answer for each */
export function runScripts(interpreter: Interpreter, models: readonly ScriptModel[]): readonly ScriptRun[] {
  const { program, args } = jailed(interpreter, 'torchscript_worker.py');
  const input = Buffer.concat(models.flatMap(({ name, bytes }) => [framed(Buffer.from(name)), framed(bytes)]));
  const run = spawnSync(program, args, { input, maxBuffer: 2 ** 28 });
  const lines = run.stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  if (run.status !== 0 || lines.length !== models.length)
    throw new Error(
      `PyTorch answered for ${lines.length} of ${models.length} models: ${run.stderr.toString().slice(-2000)}`,
    );
  return lines.map((line) => JSON.parse(line) as ScriptRun);
}
