import { AssayError, type FileBudget } from '../../../core/index.ts';
import { python3Name } from '../names/index.ts';
import { OP } from '../opcodes.ts';
import { constantAt, type Instruction, indexAt, lineAt, textOperand } from './operands.ts';
import { type Inert, InertDict, type InertGlobal, type InertObject, inertTitle, isKind } from './values.ts';

/** Units of work of one instruction, besides its bytes, and bytes that a value costs, about. */
const INSTRUCTION_WORK = 4;
const VALUE_BYTES = 96;

/** Instructions that no program writes, and on which loaders differ. */
const REFUSED: ReadonlySet<number> = new Set([OP.DUP, OP.EXT1, OP.EXT2, OP.EXT4, OP.NEXT_BUFFER, OP.READONLY_BUFFER]);

/**
 * Builds the values of one pickle (Lib/pickle.py, `_Unpickler`). Whatever the pickle calls becomes a value that names the call.
 * Anything that loaders read in different ways is refused.
 */
export class InertMachine {
  /** Every call, also those whose result is dropped. */
  readonly calls: InertObject[] = [];
  readonly ids: Inert[] = [];
  readonly #budget: FileBudget;
  readonly #name: string;
  readonly #memo = new Map<number, Inert>();
  /** What calls and objects were given, which they may have copied: a change of it would be seen by some, and not by others. */
  readonly #given = new Set<Inert>();
  #stack: Inert[] = [];
  readonly #marks: Inert[][] = [];
  #protocol = 0;
  #frameEnd = 0;

  constructor(name: string, budget: FileBudget) {
    this.#name = name;
    this.#budget = budget;
  }

  /** Where the frame ends that the stream is in, or that it left last. */
  get frameEnd(): number {
    return this.#frameEnd;
  }

  /** Runs one instruction. @returns the value of the pickle at its STOP, and the object that BUILD has given a state. */
  step(instruction: Instruction): { readonly done: Inert } | { readonly built: InertObject } | undefined {
    const { opcode, at, next } = instruction;
    this.#budget.work(INSTRUCTION_WORK);
    if (REFUSED.has(opcode.code)) throw this.#refuse(`the instruction ${opcode.name} is not converted`, at);
    if (at < this.#frameEnd && next > this.#frameEnd) throw this.#refuse('an instruction crosses its frame', at);
    const constant = constantAt(instruction, (what) => this.#refuse(what, at));
    if (constant !== undefined) {
      this.#push(constant);
      return undefined;
    }
    if (opcode.code === OP.STOP) return { done: this.#pop(at) };
    if (opcode.code === OP.BUILD) return this.#build(at);
    if (!this.#structure(instruction) && !this.#call(instruction) && !this.#remember(instruction))
      throw this.#refuse(`the instruction ${opcode.name} is not known`, at);
    return undefined;
  }

  /** Puts `value` in place of the topmost one. */
  replace(value: Inert): void {
    this.#stack[this.#stack.length - 1] = value;
  }

  /** Containers, marks and frames. @returns false for an instruction that is none of them */
  #structure({ opcode, bytes, start, at, next }: Instruction): boolean {
    switch (opcode.code) {
      case OP.PROTO:
        this.#protocol = bytes[start] ?? 0;
        if (this.#protocol > 5) throw this.#refuse(`protocol ${this.#protocol} does not exist`, at);
        return true;
      case OP.FRAME:
        return this.#enterFrame(bytes, start, at, next);
      case OP.MARK:
        this.#budget.hold(VALUE_BYTES);
        this.#marks.push(this.#stack);
        this.#stack = [];
        return true;
      case OP.POP:
        if (this.#stack.length > 0) this.#stack.pop();
        else this.#marked(at);
        return true;
      case OP.POP_MARK:
        this.#marked(at);
        return true;
      case OP.EMPTY_LIST:
        return this.#push({ kind: 'list', items: [] });
      case OP.EMPTY_DICT:
        return this.#push(new InertDict());
      case OP.EMPTY_SET:
        return this.#push({ kind: 'set', frozen: false, items: [] });
      case OP.EMPTY_TUPLE:
        return this.#push({ kind: 'tuple', items: [] });
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        return this.#push({ kind: 'tuple', items: this.#take(opcode.code - OP.TUPLE1 + 1, at) });
      case OP.TUPLE:
        return this.#push({ kind: 'tuple', items: this.#marked(at) });
      case OP.LIST:
        return this.#push({ kind: 'list', items: this.#marked(at) });
      case OP.FROZENSET:
        return this.#push({ kind: 'set', frozen: true, items: this.#marked(at) });
      case OP.DICT: {
        const items = this.#marked(at);
        const dict = new InertDict();
        this.#setItems(dict, items, at);
        return this.#push(dict);
      }
      case OP.APPEND:
        return this.#append(this.#take(1, at), at);
      case OP.APPENDS:
      case OP.ADDITEMS:
        return this.#append(this.#marked(at), at);
      case OP.SETITEM: {
        const pair = this.#take(2, at);
        this.#setItems(this.#top(at), pair, at);
        return true;
      }
      case OP.SETITEMS: {
        const items = this.#marked(at);
        this.#setItems(this.#top(at), items, at);
        return true;
      }
      default:
        return false;
    }
  }

  /** Names, calls and persistent ids. */
  #call(instruction: Instruction): boolean {
    const { opcode, at } = instruction;
    switch (opcode.code) {
      case OP.GLOBAL:
        return this.#push(this.#global(...lineAt(instruction), at));
      case OP.STACK_GLOBAL: {
        const [module, name] = this.#take(2, at);
        if (typeof module !== 'string' || typeof name !== 'string') throw this.#refuse('a name is computed', at);
        return this.#push(this.#global(module, name, at));
      }
      case OP.REDUCE: {
        const [callee = null, args = null] = this.#take(2, at);
        return this.#object('REDUCE', callee, args, undefined, at);
      }
      case OP.NEWOBJ: {
        const [callee = null, args = null] = this.#take(2, at);
        return this.#object('NEWOBJ', callee, args, undefined, at);
      }
      case OP.NEWOBJ_EX: {
        const [callee = null, args = null, kwargs = null] = this.#take(3, at);
        return this.#object('NEWOBJ_EX', callee, args, kwargs, at);
      }
      case OP.INST: {
        const callee = this.#global(...lineAt(instruction), at);
        return this.#object('INST', callee, { kind: 'tuple', items: this.#marked(at) }, undefined, at);
      }
      case OP.OBJ: {
        const [callee, ...items] = this.#marked(at);
        if (callee === undefined) throw this.#refuse('OBJ has no class', at);
        return this.#object('OBJ', callee, { kind: 'tuple', items }, undefined, at);
      }
      case OP.PERSID:
        return this.#persistent(textOperand(instruction));
      case OP.BINPERSID:
        return this.#persistent(this.#pop(at));
      default:
        return false;
    }
  }

  #persistent(id: Inert): boolean {
    this.#budget.hold(VALUE_BYTES);
    this.ids.push(id);
    return this.#push({ kind: 'persistent', id });
  }

  /** The memo. */
  #remember(instruction: Instruction): boolean {
    const { opcode, at } = instruction;
    switch (opcode.code) {
      case OP.MEMOIZE:
        return this.#put(this.#memo.size, at);
      case OP.PUT:
      case OP.BINPUT:
      case OP.LONG_BINPUT:
        return this.#put(this.#index(instruction), at);
      case OP.GET:
      case OP.BINGET:
      case OP.LONG_BINGET: {
        const value = this.#memo.get(this.#index(instruction));
        if (value === undefined) throw this.#refuse('an entry of the memo is missing', at);
        this.#stack.push(value);
        return true;
      }
      default:
        return false;
    }
  }

  #index(instruction: Instruction): number {
    return indexAt(instruction, (what) => this.#refuse(what, instruction.at));
  }

  #put(index: number, at: number): boolean {
    this.#budget.hold(VALUE_BYTES);
    this.#memo.set(index, this.#top(at));
    return true;
  }

  #enterFrame(bytes: Uint8Array, start: number, at: number, next: number): boolean {
    if (at < this.#frameEnd) throw this.#refuse('a frame starts within a frame', at);
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, 8);
    this.#frameEnd = next + Number(view.getBigUint64(0, true));
    return true;
  }

  #global(module: string, name: string, at: number): InertGlobal {
    if (module === '' || name === '') throw this.#refuse('a name is empty', at);
    const named = this.#protocol < 3 ? python3Name(module, name) : { module, name };
    return { kind: 'global', ...named };
  }

  #object(
    opcode: InertObject['opcode'],
    callee: Inert,
    args: Inert,
    kwargs: Inert | undefined,
    offset: number,
  ): boolean {
    this.#budget.hold(VALUE_BYTES);
    const called: InertObject = {
      kind: 'object',
      opcode,
      callee,
      args,
      kwargs,
      states: [],
      items: [],
      entries: [],
      offset,
    };
    this.calls.push(called);
    this.#give(args);
    if (kwargs !== undefined) this.#give(kwargs);
    return this.#push(called);
  }

  #build(at: number): { readonly built: InertObject } {
    const [state = null] = this.#take(1, at);
    const target = this.#top(at);
    if (!isKind(target, 'object')) throw this.#refuse(`BUILD gives a state to ${inertTitle(target)}`, at);
    this.#budget.hold(VALUE_BYTES);
    target.states.push(state);
    this.#give(state);
    return { built: target };
  }

  /** Remembers the containers that a call or an object was given, and those that they hold. */
  #give(value: Inert): void {
    const left = [value];
    const seen = new Set<Inert>();
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      if (typeof one !== 'object' || one === null || this.#given.has(one) || seen.has(one)) continue;
      seen.add(one);
      if (isKind(one, 'list') || isKind(one, 'dict') || isKind(one, 'set')) {
        this.#budget.hold(VALUE_BYTES);
        this.#given.add(one);
      }
      if (!isKind(one, 'list') && !isKind(one, 'tuple')) continue;
      this.#budget.work(one.items.length);
      for (const item of one.items) left.push(item);
    }
  }

  #refuseGiven(receiver: Inert, at: number): void {
    if (this.#given.has(receiver))
      throw this.#refuse(`${inertTitle(receiver)} changes after a call or an object was given it`, at);
  }

  #append(items: readonly Inert[], at: number): boolean {
    const receiver = this.#top(at);
    if (!isKind(receiver, 'list') && !isKind(receiver, 'object') && !(isKind(receiver, 'set') && !receiver.frozen))
      throw this.#refuse(`items are put into ${inertTitle(receiver)}`, at);
    this.#refuseGiven(receiver, at);
    this.#budget.hold(items.length * 8);
    for (const item of items) receiver.items.push(item);
    return true;
  }

  #setItems(receiver: Inert, items: readonly Inert[], at: number): void {
    if (items.length % 2 !== 0) throw this.#refuse('a key has no value', at);
    if (!isKind(receiver, 'dict') && !isKind(receiver, 'object'))
      throw this.#refuse(`keys are put into ${inertTitle(receiver)}`, at);
    this.#refuseGiven(receiver, at);
    this.#budget.hold((items.length / 2) * VALUE_BYTES);
    for (let i = 0; i + 1 < items.length; i += 2) {
      const [key = null, value = null] = [items[i], items[i + 1]];
      if (isKind(receiver, 'dict')) receiver.set(key, value);
      else receiver.entries.push([key, value]);
    }
  }

  #push(value: Inert): true {
    this.#budget.hold(VALUE_BYTES + (typeof value === 'string' ? 2 * value.length : 0));
    this.#stack.push(value);
    return true;
  }

  #pop(at: number): Inert {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#refuse('the stack is empty', at);
    return value;
  }

  #top(at: number): Inert {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#refuse('the stack is empty', at);
    return value;
  }

  #take(count: number, at: number): Inert[] {
    if (this.#stack.length < count) throw this.#refuse('the stack is empty', at);
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #marked(at: number): Inert[] {
    const below = this.#marks.pop();
    if (below === undefined) throw this.#refuse('a mark is missing', at);
    const items = this.#stack;
    this.#stack = below;
    this.#budget.work(items.length);
    return items;
  }

  #refuse(what: string, offset: number): AssayError {
    return new AssayError('unsupported', `the pickle cannot be read as plain values: ${what}`, {
      subject: this.#name,
      offset,
    });
  }
}
