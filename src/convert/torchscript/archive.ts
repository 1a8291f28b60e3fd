import { AssayError } from '../../core/index.ts';
import { archiveEntries, memberNames, openMember } from '../../formats/archive/index.ts';
import { type Inert, type InertObject, isDictCall, isKind } from '../../formats/pickle/inert/index.ts';
import { parseScript, type ScriptFile } from '../../formats/torchscript/index.ts';
import type { InputFile, TensorReadOptions } from '../tensors/index.ts';
import { type Checkpoint, CODE, instanceClass, readCheckpoint, TORCH_CALLS, torchRoot } from '../torch/index.ts';

/** The code of one archive. */
const MAX_CODE = 64 * 1024 * 1024;
/** Calls that say the element types of lists (torch/csrc/jit/serialization/pickler.cpp). */
export const TAGS: ReadonlySet<string> = new Set([
  'torch.jit._pickle.build_intlist',
  'torch.jit._pickle.build_doublelist',
  'torch.jit._pickle.build_boollist',
  'torch.jit._pickle.build_tensorlist',
  'torch.jit._pickle.restore_type_tag',
]);

/** What `torch.jit.save` wrote. */
export interface ScriptArchive {
  /** By their path below `code/`. */
  readonly code: ReadonlyMap<string, string>;
  readonly data: Checkpoint;
  readonly constants: Checkpoint | undefined;
}

export async function isTorchScript({ source }: InputFile): Promise<boolean> {
  const names = await memberNames(source);
  const root = torchRoot(names);
  return root !== undefined && names.some((name) => name.startsWith(root + CODE));
}

/** @throws AssayError `malformed` for archives that loaders read in different ways, `unsupported`, `truncated`, `limit` */
export async function openScript({ source }: InputFile, options: TensorReadOptions): Promise<ScriptArchive> {
  const { budget, limits, signal, resources } = options;
  const members = await archiveEntries(source, options);
  const root = torchRoot([...members.keys()]);
  if (root === undefined) throw new AssayError('malformed', 'the archive has no data.pkl', { subject: source.name });
  const code = new Map<string, string>();
  let size = 0;
  for (const [name, entry] of members) {
    if (!name.startsWith(root + CODE) || !name.endsWith('.py')) continue;
    const file = await openMember(source, entry, { limits, budget, signal, resources });
    size += file.size;
    if (size > MAX_CODE)
      throw new AssayError('limit', `its code is longer than ${MAX_CODE} bytes`, { subject: source.name });
    budget.hold(3 * file.size);
    const bytes = await file.read(0, file.size);
    try {
      code.set(name.slice((root + CODE).length), new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (cause) {
      throw new AssayError('malformed', 'is not UTF-8', { subject: file.name, cause });
    }
  }
  const parts = (name: string) => ({
    pickle: `${root}/${name}.pkl`,
    storages: `${root}/${name}/`,
    order: `${root}/byteorder`,
  });
  const data = await readCheckpoint(source, members, parts('data'), options);
  const constants = members.has(`${root}/constants.pkl`)
    ? await readCheckpoint(source, members, parts('constants'), options)
    : undefined;
  for (const checkpoint of [data, ...(constants === undefined ? [] : [constants])])
    for (const call of checkpoint.pickle.calls) checkCall(call, source.name);
  return { code, data, constants };
}

/** @throws AssayError `unsupported` for a call that PyTorch does not write in a file of TorchScript */
function checkCall(call: InertObject, subject: string): void {
  if (scriptClass(call) !== undefined || TORCH_CALLS.isHarmless(call) || isDictCall(call)) return;
  const { callee } = call;
  const name = isKind(callee, 'global') ? `${callee.module}.${callee.name}` : 'a computed function';
  if (call.opcode === 'REDUCE' && TAGS.has(name)) return;
  throw new AssayError('unsupported', `its pickle calls ${name.slice(0, 120)}`, { subject });
}

/** The class of an object of TorchScript: `__torch__.models.Net`. */
export function scriptClass(value: Inert | undefined): string | undefined {
  const cls = instanceClass(value);
  if (cls === undefined) return undefined;
  const name = `${cls.module}.${cls.name}`;
  return name.startsWith('__torch__.') ? name : undefined;
}

/** The code of an archive, of which a file is parsed when something of it is asked for. */
export class ScriptCode {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #options: TensorReadOptions;
  readonly #subject: string;
  readonly #files = new Map<string, ScriptFile>();

  constructor(texts: ReadonlyMap<string, string>, subject: string, options: TensorReadOptions) {
    this.#texts = texts;
    this.#subject = subject;
    this.#options = options;
  }

  /** The file that defines what a name stands for, and its own name there. `__torch__.models.Net` is in `__torch__/models.py`. */
  definition(
    qualified: string,
  ): { readonly path: string; readonly file: ScriptFile; readonly name: string } | undefined {
    const dot = qualified.lastIndexOf('.');
    const path = `${qualified.slice(0, Math.max(0, dot)).replaceAll('.', '/')}.py`;
    const file = this.#file(path);
    return file === undefined ? undefined : { path: `code/${path}`, file, name: qualified.slice(dot + 1) };
  }

  #file(path: string): ScriptFile | undefined {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const text = this.#texts.get(path);
    if (text === undefined) return undefined;
    const file = parseScript(text, `${this.#subject}!code/${path}`, this.#options.budget);
    this.#files.set(path, file);
    return file;
  }
}
