import { describe, expect, it } from 'vitest';
import { ScriptProgram } from '../../../src/scan/torchscript/judge/program.ts';
import { zipScanner } from '../../../src/scan/zip/zip.ts';
import { fixture, memory, scanWith } from '../../support/containers.ts';
import { fakeContext } from '../../support/scan-context.ts';

async function judge(text: string) {
  const context = fakeContext();
  const program = new ScriptProgram(context);
  await program.source(memory(Buffer.from(text)), 'code.py', 0);
  program.finish();
  return { said: context.reports.map((report) => report.evidence), verdict: context.verdict(text.length) };
}

describe('TorchScript source', () => {
  it('of real models is clean', async () => {
    const source = fixture('pickle-probes/ok-torchscript/m.pt');
    const context = await scanWith(zipScanner, source);
    expect(context.format).toBe('torchscript');
    expect(context.ruleIds()).toEqual([]);
    expect(context.verdict(source.size)).toBe('clean');
  });

  it('is suspicious when it loads a library', async () => {
    const source = fixture('pickle-probes/zip-code-py/m.pt');
    const context = await scanWith(zipScanner, source);
    expect(context.ruleIds()).toEqual(['torchscript.unknown-operator']);
    expect(context.verdict(source.size)).toBe('suspicious');
  });

  it.each([
    'def f(self: __torch__.M, x: Tensor) -> Tensor:\n  _0 = torch.add(x, x, alpha=1)\n  return ops.quantized.linear(_0, [1, 2], "a\\"b", 1.5e-05)\n',
    'op_version_set = 1\nimport __torch__.torch.nn.modules.linear\nclass M(Module):\n  __parameters__ = ["w", ]\n',
    'x = ops.prim.data(y)  # a comment\nz = (x).save(1)\nw = self.open(2)\ndef save(self) -> int:\n  pass\ndef open(self) -> int:\n  pass\n',
    '_1 = torch.ops.torchvision.nms(boxes, scores, 0.5)\nu = uninitialized(Tensor)\nraise AssertionError("no")\n',
    's = annotate(List[Tensor], [])\nt = CONSTANTS.c0\nfor i in range(torch.len(s)):\n  pass\n',
  ])('as PyTorch writes it has no finding: %#', async (text) => {
    expect(await judge(text)).toEqual({ said: [], verdict: 'clean' });
  });

  it.each([
    ['torch.ops.load_library("x.so")', 'torch.ops.load_library'],
    ['z = (x).lost(1)', '.lost'],
    ['t = torch\nt.relu(x)', 'torch as a value'],
    ['f = getattr(ops, "mylib")', 'ops as a value'],
    ['ops.c10d.broadcast_(x)', 'ops.c10d.broadcast_'],
    ['ops.prim.rpc_sync("a", "b", ())', 'ops.prim.rpc_sync'],
    ['ops.prim.FusionGroup(x)', 'ops.prim.FusionGroup'],
    ['(r).to_here()', '.to_here'],
    ['f = x._nested_view_from_buffer', '._nested_view_from_buffer'],
    ['torch._sparse_coo_tensor_unsafe(i, v, [1])', 'torch._sparse_coo_tensor_unsafe'],
    ['torch._foobar(x)', 'torch._foobar'],
    ['torch.not_in_the_list(x)', 'torch.not_in_the_list'],
    ['x = __torch__.torch.classes.dist_c10d.FileStore("f", 1)', '__torch__.torch.classes.dist_c10d.FileStore'],
    ['t = __torch__.torch\nt.classes.a.B()', '__torch__.torch'],
    ['q = __torch__\n', '__torch__'],
    ['ops.mylib.run(x)', 'ops.mylib.run'],
    ['ops.torchvision(x)', 'ops.torchvision'],
    ['torch.ops.mylib.run(x)', 'torch.ops.mylib.run'],
    ['f = torch.ops.mylib.run\nf(x)', 'torch.ops.mylib.run'],
    ['x : torch.classes.mylib.Thing = y', 'torch.classes.mylib.Thing'],
    ['import os', 'import os'],
    ['import __torch__.a, os', 'import os'],
    ['from os import system', 'from os'],
    ['import os; os.system("id")', 'import os'],
    ['exec("x")', 'exec'],
    ['__import__("os")', '__import__'],
  ])('is not pure PyTorch: %s', async (text, evidence) => {
    const { said, verdict } = await judge(text);
    expect(said).toContain(evidence);
    expect(verdict).toBe('suspicious');
  });

  it.each([
    ['ops.torchaudio.sox_io_save_audio_file(p, x)', 'ops.torchaudio.sox_io_save_audio_file'],
    ['torch.ops.torchvision.read_file(p)', 'torch.ops.torchvision.read_file'],
    ['torch.from_file("/etc/passwd", False, 10)', 'torch.from_file'],
    ['torch . save (x, "f")', 'torch.save'],
    ['ops.aten.save(x, "f")', 'ops.aten.save'],
    ['getattr(torch, "save")(x, "f")', '.save'],
    ['t = ops.aten\nt.from_file("f", True, 1)', '.from_file'],
    ['getattr(x, "\\163ave")', 'getattr "\\163ave"'],
    ['a = """ " """\nops.aten.save(x, "f")\nb = """ " """', 'ops.aten.save'],
    ['ops.prim.PythonOp(x)', 'ops.prim.PythonOp'],
  ])('reaches files or Python: %s', async (text, evidence) => {
    const { said, verdict } = await judge(text);
    expect(said).toContain(evidence);
    expect(verdict).toBe('malicious');
  });

  it('is unknown when it cannot be parsed', async () => {
    for (const text of ['x = 1 $ 2', "x = 'not closed\n", '\x80\x04\x8c\x02os'])
      expect((await judge(text)).verdict).toBe('unknown');
  });

  it('is read to its end for any length', async () => {
    expect((await judge('a.'.repeat(1_000_000))).verdict).toBe('clean');
    expect((await judge('x = torch.add(y, z)\n'.repeat(100_000))).verdict).toBe('clean');
  });

  it.each([
    ['a string of escapes', (length: number) => `x = "${'\\n'.repeat(length / 2)}"\n`],
    ['a string of plain characters', (length: number) => `x = '${'a'.repeat(length)}'\n`],
    ['a name', (length: number) => `${'a'.repeat(length)}\n`],
    ['a number', (length: number) => `${'1'.repeat(length)}\n`],
    ['a comment', (length: number) => `#${'a'.repeat(length)}\n`],
    ['blanks', (length: number) => `${' '.repeat(length)}\n`],
  ])('is read to its end with %s of sixteen million characters', async (_, text) => {
    expect(await judge(`${text(2 ** 24)}torch.save(x)\n`)).toEqual({ said: ['torch.save'], verdict: 'malicious' });
  });

  it.each(['x = "abc', 'x = "abc\n"', "x = 'a\\\n'", 'x = "a\\'])(
    'is unknown from a string on that does not end: %j',
    async (text) => {
      const context = fakeContext();
      await new ScriptProgram(context).source(memory(Buffer.from(text)), 'code.py', 0);
      expect(context.reasons).toEqual([expect.stringContaining('is not TorchScript from byte 4 on')]);
    },
  );
});
