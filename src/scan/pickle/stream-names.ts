import { BYTES, type GlobalName, type PickleState, type Value } from '../../formats/pickle/index.ts';
import type { GlobalPolicy, ListedGlobal, Standing } from '../lists/index.ts';
import type { Within } from '../scanner/index.ts';
import { isScriptClass, listedScriptClass } from '../torchscript/index.ts';
import type { Blobs } from './blobs.ts';
import { CONTRACTS, type ContractContext, isExpression } from './contracts/index.ts';
import { TORCHSCRIPT_CLASS } from './judge-names.ts';

/** A class of the archive, or one in C++ whose state is only numbers. */
function isOwnClass({ module, name }: GlobalName): boolean {
  const path = `${module}.${name}`;
  return /^__torch__\./.test(path) && (!isScriptClass(path) || listedScriptClass(path));
}

/** What is known of the names of one stream. */
export class StreamNames {
  readonly #globals: GlobalPolicy;
  readonly #within: Within | undefined;
  readonly #blobs: Blobs;
  readonly #standings = new Map<GlobalName, Standing>();

  constructor(globals: GlobalPolicy, within: Within | undefined, blobs: Blobs) {
    this.#globals = globals;
    this.#within = within;
    this.#blobs = blobs;
  }

  standing(global: GlobalName): Standing {
    if (global.computed) return { kind: 'unlisted' };
    const known = this.#standings.get(global);
    if (known !== undefined) return known;
    const own = this.#within === 'torchscript' && isOwnClass(global);
    const found: Standing = own ? TORCHSCRIPT_CLASS : this.#globals.standing(global);
    // The arguments of the class decide.
    const standing: Standing = found.kind === 'dangerous' && isExpression(global) ? { kind: 'unlisted' } : found;
    this.#standings.set(global, standing);
    return standing;
  }

  entryOf(global: GlobalName): ListedGlobal | undefined {
    const standing = this.standing(global);
    return standing.kind === 'listed' || standing.kind === 'shadowed' ? standing.entry : undefined;
  }

  /** The global that is called: itself, or the class that PyTorch wrapped in a persistent id with its source. */
  callee(of: Value, machine: PickleState): GlobalName | undefined {
    const id = this.#within === undefined ? undefined : machine.persistentId(of);
    const parts = id === undefined ? undefined : machine.tuple(id);
    const [tag, type] = parts ?? [];
    if (tag === undefined || type === undefined || machine.text(tag) !== 'module') return machine.global(of);
    return machine.global(type);
  }

  /** The class of what a call made: its callee, or what `copyreg._reconstructor` was given. */
  madeClass(callee: GlobalName, args: Value, machine: PickleState): GlobalName | undefined {
    if (callee.name !== '_reconstructor') return callee;
    const first = machine.tuple(args)?.[0];
    return first === undefined ? undefined : machine.global(first);
  }

  /** What contracts may ask. */
  context(machine: PickleState, target?: Value): ContractContext {
    const listed = (of: Value) => {
      const global = machine.global(of);
      return global === undefined ? undefined : this.entryOf(global);
    };
    return {
      state: machine,
      target,
      listed,
      entry: (module, name) => {
        const standing = this.#globals.standing({ module, name, mapped: false });
        return standing.kind === 'listed' || standing.kind === 'shadowed' ? standing.entry : undefined;
      },
      plain: (of) => {
        const entry = of === undefined ? undefined : listed(of);
        if (entry === undefined || CONTRACTS.has(`${entry.module}:${entry.name}`)) return undefined;
        return entry.uses.has('new') || entry.uses.has('import') ? entry : undefined;
      },
      unlisted: (of) => {
        const global = machine.global(of);
        return global !== undefined && !global.computed && this.standing(global).kind === 'unlisted';
      },
      madeBy: (of) => {
        const call = machine.callOf(of);
        return call === undefined ? undefined : machine.global(call.callee);
      },
      checkArrow: (array) => this.#blobs.addArrow(array),
      checkCode: (code) => this.#blobs.addCode(code),
      scanBytes: (of) => this.#scanBytes(of, machine),
    };
  }

  #scanBytes(of: Value, machine: PickleState): void {
    const extent = machine.extent(of);
    if (extent === undefined) this.#blobs.lost ||= !machine.waits;
    else
      this.#blobs.add({
        start: machine.fileOffset(extent.start),
        length: extent.length,
        loaded: true,
        text: of.kind !== BYTES,
      });
  }
}
