import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts';
import { describeCall, describe as describeValue } from '../../src/formats/pickle/describe.ts';
import { NOBODY } from '../../src/formats/pickle/loaders.ts';
import { OPCODES } from '../../src/formats/pickle/opcodes.ts';
import { readStream, type StreamResult } from '../../src/formats/pickle/read.ts';
import type { PickleHandler } from '../../src/formats/pickle/state.ts';

const codes = new Map(OPCODES.flatMap((opcode) => (opcode === undefined ? [] : [[opcode.name, opcode.code] as const])));

/** One opcode: its name, or its name and the bytes (or text) of its operand. */
export type Instruction = string | readonly [name: string, ...operand: (number | string)[]];

/** The bytes of a program; operands are written unchanged, so that they can be invalid. */
export function assemble(...program: readonly Instruction[]): Uint8Array {
  const bytes: number[] = [];
  for (const instruction of program) {
    const [name, ...operand] = typeof instruction === 'string' ? [instruction] : instruction;
    const code = codes.get(name);
    if (code === undefined) throw new Error(`no instruction ${name}`);
    bytes.push(code);
    for (const part of operand) bytes.push(...(typeof part === 'string' ? Buffer.from(part, 'utf8') : [part]));
  }
  return Uint8Array.from(bytes);
}

/** SHORT_BINUNICODE. */
export function text(value: string): Instruction {
  return ['SHORT_BINUNICODE', Buffer.byteLength(value), value];
}

export function global(module: string, name: string): Instruction {
  return ['GLOBAL', `${module}\n${name}\n`];
}

/** The events that a handler receives, each as a line. */
export interface Trace {
  readonly events: string[];
  readonly result: StreamResult;
}

/** Runs a program like the machine, and records its events. */
export async function trace(program: Uint8Array, limits: Partial<Limits> = {}): Promise<Trace> {
  const events: string[] = [];
  const handler: PickleHandler = {
    onImport: (g) => {
      events.push(g.computed ? 'import <computed>' : `import ${g.module} ${g.name}`);
      return NOBODY;
    },
    onCall: (call, machine) => void events.push(`${call.opcode} ${describeCall(call.callee, call.args, machine)}`),
    onBuild: (target, state, again, _offset, machine) => {
      events.push(
        `${again ? 'BUILD again' : 'BUILD'} ${describeValue(target, machine)} <- ${describeValue(state, machine)}`,
      );
      return undefined;
    },
    onMutate: (receiver, opcode, built, _offset, machine) =>
      void events.push(`${opcode} ${describeValue(receiver, machine)}${built ? ' (built)' : ''}`),
    onDunderKey: (key, item, _offset, machine) =>
      void events.push(`key ${machine.text(key)}: ${describeValue(item, machine)}`),
    onPersistentId: (id, _offset, machine) => void events.push(`persid ${describeValue(id, machine)}`),
    onExtension: (code) => void events.push(`extension ${code}`),
    onBlob: (offset, length) => void events.push(`blob ${offset}+${length}`),
    onOddity: (oddity) => void events.push(`odd ${oddity}`),
  };
  const options = { limits: { ...DEFAULT_LIMITS, ...limits }, signal: undefined };
  const result = await readStream(new MemorySource(program, 'program'), 0, handler, options);
  return { events, result };
}
