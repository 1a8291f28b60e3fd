import type { ByteSource } from '../../../core/bytes/index.ts';
import type { ScanContext } from '../../scanner/index.ts';
import { TORCHSCRIPT_RULES } from '../rules.ts';
import { readBytecode } from './bytecode.ts';
import { readUses, type ScriptUse } from './source.ts';

const MAX_SOURCE = 64 * 1024 * 1024;
/** Methods that no file defines; more are not reported. */
const MAX_SAID = 20;
const MAX_DEFINED = 1_000_000;

/**
 * The code of one archive of TorchScript: source, and the bytecode of the mobile interpreter beside it. Programs run one or the other, so
 * that both count.
 */
export class ScriptProgram {
  readonly #context: ScanContext;
  readonly #defined = new Set<string>();
  readonly #methods = new Map<string, { readonly name: string; readonly line: number }>();

  constructor(context: ScanContext) {
    this.#context = context;
  }

  /**
   * Looks at source (torch/csrc/jit/serialization/python_print.cpp writes it) as tokens, for what it calls and imports. What cannot be
   * split into tokens leaves the verdict unknown.
   * @param storedAt where its bytes stand in the archive; `undefined` when they were decompressed
   */
  async source(source: ByteSource, name: string, storedAt: number | undefined): Promise<void> {
    const context = this.#context;
    if (source.size > MAX_SOURCE)
      return context.incomplete(`the TorchScript source "${name}" is longer than ${MAX_SOURCE} bytes`);
    const held = 2 * source.size;
    context.budget.hold(held);
    const text = Buffer.from(await source.read(0, source.size)).toString('latin1');
    const { uses, methods, defined, end } = readUses(text);
    context.budget.release(held);
    for (const use of uses)
      this.#say(use, name, `The TorchScript source "${name}" uses ${use.what} in line ${use.line}`);
    this.#keep(methods, defined, name);
    if (end < text.length)
      return context.incomplete(`the TorchScript source "${name}" is not TorchScript from byte ${end} on`);
    if (storedAt !== undefined) context.cover(storedAt, storedAt + source.size, 'parsed');
  }

  /** Looks at the operators and types that bytecode names (torch/csrc/jit/serialization/export_bytecode.cpp writes it). */
  async bytecode(source: ByteSource, name: string): Promise<void> {
    for (const use of await readBytecode(source, this.#context))
      this.#say(use, name, `The bytecode "${name}" uses ${use.what}`);
  }

  /** After the last file: methods that no file defines. */
  finish(): void {
    let said = 0;
    for (const [method, { name, line }] of this.#methods) {
      if (this.#defined.has(method)) continue;
      if (++said > MAX_SAID) return;
      const what = `.${method.slice(0, 200)}`;
      this.#say(
        { what, line, does: undefined, malicious: false },
        name,
        `The TorchScript source "${name}" calls the method ${what} in line ${line}, which no code of the archive defines`,
      );
    }
  }

  #keep(methods: ReadonlyMap<string, number>, defined: ReadonlySet<string>, name: string): void {
    if (this.#defined.size + this.#methods.size > MAX_DEFINED) {
      this.#context.incomplete(`the archive's code names more than ${MAX_DEFINED} functions`);
      return;
    }
    for (const one of defined) this.#defined.add(one);
    for (const [method, line] of methods) if (!this.#methods.has(method)) this.#methods.set(method, { name, line });
  }

  #say({ what, does, malicious }: ScriptUse, name: string, message: string): void {
    this.#context.report({
      rule: malicious ? TORCHSCRIPT_RULES.dangerous : TORCHSCRIPT_RULES.unknown,
      subject: `${name} ${what}`,
      message: does === undefined ? `${message}.` : `${message}, which ${does}.`,
      evidence: what,
    });
  }
}
