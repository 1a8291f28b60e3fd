import type { ByteSource } from '../../../core/bytes/index.ts';
import { FileBudget, type Limits } from '../../../core/index.ts';
import { inlineArray, isTorchLegacy, LEGACY_STREAMS } from '../containers/index.ts';
import { describe, describeCall } from '../describe.ts';
import { type LoaderSet, NOBODY } from '../loaders.ts';
import { readStream, type StreamResult } from '../read.ts';
import type { PickleHandler, PickleState } from '../state.ts';
import type { Call, GlobalName, Oddity, Value } from '../values.ts';

/** Receives what the streams of a pickle file do, in order, for display: nothing is judged here. */
export interface PickleEvents {
  /** Before each instruction; once more for the same offset when its bytes had to be fetched. */
  step(offset: number, state: PickleState): void;
  /** The effect of the instruction at `offset`, in the syntax of Python. */
  note(offset: number, text: string): void;
  /** Bytes `start` to `end` between instructions are not the stream's own (joblib); the array's elements start at `elements`. */
  array(start: number, elements: number, end: number): void;
  streamEnd(start: number, result: StreamResult): void;
}

export interface FollowOptions {
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Follows all streams of a pickle file: several in a row, those of PyTorch's old files, joblib's with its arrays.
 * @returns the offset behind what was understood
 * @throws AssayError content codes, what reading throws, `aborted`.
 */
export async function followPickle(source: ByteSource, events: PickleEvents, options: FollowOptions): Promise<number> {
  const legacy = isTorchLegacy(await source.read(0, Math.min(16, source.size)));
  const handler = new Follower(events);
  const budget = new FileBudget(options.limits, source.size);
  let at = 0;
  for (let streams = 0; at < source.size && streams < options.limits.maxPickleStreams; streams++) {
    if (legacy && streams === LEGACY_STREAMS) return at;
    const result = await readStream(source, at, handler, {
      limits: options.limits,
      signal: options.signal,
      budget,
      onArray: (state) => passArray(source, state, events, handler, options),
    });
    events.streamEnd(at, result);
    result.state.close();
    at = result.position;
    if (result.end.kind !== 'stop') return at;
  }
  return at;
}

async function passArray(
  source: ByteSource,
  state: PickleState,
  events: PickleEvents,
  handler: Follower,
  { limits, signal }: FollowOptions,
): Promise<void> {
  const array = await inlineArray(state, source);
  if (array.kind === 'raw') {
    events.array(state.position, array.start, array.end);
    state.position = array.end;
    return;
  }
  const inner = await readStream(source, array.start, handler, { limits, signal, budget: state.budget });
  events.streamEnd(array.start, inner);
  inner.state.close();
  state.position = inner.position;
}

class Follower implements PickleHandler {
  readonly #events: PickleEvents;

  constructor(events: PickleEvents) {
    this.#events = events;
  }

  readonly onStep = (offset: number, _code: number, machine: PickleState): void => {
    if (!machine.alternative) this.#events.step(offset, machine);
  };

  #note(machine: PickleState | undefined, offset: number, text: string): void {
    if (machine?.alternative !== true) this.#events.note(offset, text);
  }

  onImport(global: GlobalName, machine: PickleState): LoaderSet {
    if (isArrayWrapper(global) || (global.module === 'numpy' && global.name === 'dtype')) machine.startKeeping();
    const name = global.computed ? '<a name computed while loading>' : `${global.module}.${global.name}`;
    this.#note(machine, global.offset, `import ${name}`);
    return NOBODY;
  }

  onCall(call: Call, machine: PickleState): void {
    this.#note(machine, call.offset, describeCall(call.callee, call.args, machine));
  }

  onBuild(target: Value, state: Value, _again: boolean, offset: number, machine: PickleState): 'array' | undefined {
    this.#note(machine, offset, `${describe(target, machine)}.__setstate__(${describe(state, machine)})`);
    return !machine.alternative && makesArrayWrapper(target, machine) ? 'array' : undefined;
  }

  onMutate(receiver: Value, opcode: string, _built: boolean, offset: number, machine: PickleState): void {
    this.#note(machine, offset, `${opcode.toLowerCase()} on ${describe(receiver, machine)}`);
  }

  onDunderKey(key: Value, item: Value, offset: number, machine: PickleState): void {
    this.#note(machine, offset, `{${describe(key, machine)}: ${describe(item, machine)}}`);
  }

  onPersistentId(id: Value, offset: number, machine: PickleState): void {
    this.#note(machine, offset, `persistent_load(${describe(id, machine)})`);
  }

  onExtension(code: number, offset: number): void {
    this.#note(undefined, offset, `extension ${code} of the loading program`);
  }

  onBlob(): void {}

  onOddity(oddity: Oddity, offset: number): void {
    this.#note(undefined, offset, `odd: ${oddity}`);
  }
}

/** joblib's marker for an array whose elements follow the instruction that gives it its state. */
function isArrayWrapper(global: GlobalName | undefined): boolean {
  return global?.name === 'NumpyArrayWrapper' && /(^|\.)numpy_pickle$/.test(global.module);
}

/** By NEWOBJ of the class, or `copyreg._reconstructor(class, ...)`. */
function makesArrayWrapper(target: Value, machine: PickleState): boolean {
  const call = machine.callOf(target);
  if (call === undefined) return false;
  const [first] = machine.tuple(call.args) ?? [];
  return isArrayWrapper(machine.global(call.callee)) || (first !== undefined && isArrayWrapper(machine.global(first)));
}
