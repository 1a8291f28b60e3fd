import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { runMachine } from '../../../src/formats/pickle/machine.ts';
import { SILENT } from '../../../src/formats/pickle/silent.ts';
import { PickleState } from '../../../src/formats/pickle/state.ts';
import { assemble, global, type Instruction, text, trace } from '../../support/pickle-asm.ts';

const PROTO4: Instruction = ['PROTO', 4];
const le = (value: number, width: number) =>
  Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);

async function events(...program: Instruction[]): Promise<string[]> {
  return (await trace(assemble(...program))).events;
}

describe('the operands of an import', () => {
  it.each([
    ['GLOBAL', [global('os', 'system')]],
    ['STACK_GLOBAL', [text('os'), text('system'), 'STACK_GLOBAL']],
    ['UNICODE with escapes', [['UNICODE', '\\u006fs\n'], ['UNICODE', 'sys\\U00000074em\n'], 'STACK_GLOBAL']],
    ['STRING with escapes', [['STRING', "'\\x6fs'\n"], ['STRING', '"syst\\145m"\n'], 'STACK_GLOBAL']],
    ['BINSTRING', [['BINSTRING', 2, 0, 0, 0, 'os'], ['SHORT_BINSTRING', 6, 'system'], 'STACK_GLOBAL']],
    [
      'BINUNICODE8',
      [['BINUNICODE8', 2, 0, 0, 0, 0, 0, 0, 0, 'os'], ['BINUNICODE', 6, 0, 0, 0, 'system'], 'STACK_GLOBAL'],
    ],
    ['a memoized operand', [text('os'), 'MEMOIZE', 'POP', ['BINGET', 0], text('system'), 'STACK_GLOBAL']],
    ['DUP between operands', [text('os'), 'DUP', 'POP', text('system'), 'STACK_GLOBAL']],
  ] satisfies [string, Instruction[]][])('are read from %s', async (_title, program) => {
    const said = await events(PROTO4, ...program, 'EMPTY_TUPLE', 'REDUCE', 'STOP');
    expect(said.filter((event) => !event.startsWith('odd'))).toEqual(['import os system', 'REDUCE os.system()']);
  });

  it('are read from INST, which also calls', async () => {
    expect(await events('MARK', text('id'), ['INST', 'os\nsystem\n'], 'STOP')).toEqual([
      'import os system',
      'INST os.system("id")',
    ]);
  });

  it('are reported as computed when they are computed', async () => {
    const joined: Instruction[] = [global('m', 'join'), 'EMPTY_LIST', 'TUPLE1', 'REDUCE'];
    expect(await events(PROTO4, ...joined, text('system'), 'STACK_GLOBAL', 'STOP')).toContain('import <computed>');
  });

  it('are fetched again when they lie before the window', async () => {
    const filler = Array.from({ length: 40 }, () => ['BINBYTES', ...le(65_536, 4), 'z'.repeat(65_536)] as const);
    const program = assemble(
      PROTO4,
      text('os'),
      'MEMOIZE',
      'POP',
      text('system'),
      'MEMOIZE',
      'POP',
      ...filler,
      ['BINGET', 0],
      ['BINGET', 1],
      'STACK_GLOBAL',
      'STOP',
    );
    expect((await trace(program)).events).toEqual(['import os system']);
  });

  it('keep lone surrogates, as the loader does', async () => {
    const said = await events(PROTO4, ['SHORT_BINUNICODE', 3, 0xed, 0xa0, 0x80], text('x'), 'STACK_GLOBAL', 'STOP');
    expect(said).toEqual(['import \ud800 x']);
  });

  it('are read from an unterminated last line without its last byte, as by pickle.py', async () => {
    expect(await events(['GLOBAL', 'os\nsystemX'])).toContain('import os system');
  });
});

describe('the memo', () => {
  it('is indexed by MEMOIZE in order and by PUT explicitly', async () => {
    const program: Instruction[] = [
      text('a'),
      ['BINPUT', 5],
      'POP',
      text('os'),
      'MEMOIZE',
      'POP',
      text('x'),
      ['BINGET', 1],
      text('system'),
      'STACK_GLOBAL',
      'STOP',
    ];
    expect(await events(PROTO4, ...program)).toEqual(['import os system']);
  });

  it('can have an entry overwritten', async () => {
    const program: Instruction[] = [
      text('math'),
      ['BINPUT', 0],
      'POP',
      text('os'),
      ['BINPUT', 0],
      'POP',
      ['BINGET', 0],
      text('system'),
      'STACK_GLOBAL',
      'STOP',
    ];
    expect(await events(PROTO4, ...program)).toEqual(['import os system']);
  });

  it('uses little memory for an index of two thousand million', async () => {
    const { events: said, result } = await trace(
      assemble(
        text('os'),
        ['LONG_BINPUT', 255, 255, 255, 127],
        'POP',
        ['LONG_BINGET', 255, 255, 255, 127],
        text('x'),
        'STACK_GLOBAL',
        'STOP',
      ),
    );
    expect(said).toEqual(['odd sparse-memo', 'import os x']);
    expect(result.state.memo.kinds.length).toBeLessThan(1000);
  });

  it('distinguishes indexes above 2^53', async () => {
    const program: Instruction[] = [
      global('os', 'system'),
      ['PUT', '9007199254740993\n'],
      'POP',
      global('m', 'safe'),
      ['PUT', '9007199254740992\n'],
      'POP',
      ['GET', '9007199254740993\n'],
      'EMPTY_TUPLE',
      'REDUCE',
      'STOP',
    ];
    expect(await events(...program)).toContain('REDUCE os.system()');
  });

  it('ends a text index at a NUL, as the C unpickler does', async () => {
    const put: Instruction[] = [
      global('os', 'system'),
      ['PUT', '7\n'],
      'POP',
      ['GET', '7\0b.c\n'],
      'EMPTY_TUPLE',
      'REDUCE',
      'STOP',
    ];
    expect(await events(...put)).toContain('REDUCE os.system()');
  });

  it('ends the stream at a missing entry', async () => {
    const { result } = await trace(assemble(['BINGET', 3], 'STOP'));
    expect(result.end).toEqual({ kind: 'error', reason: 'memo-miss' });
  });
});

describe('calls and state changes', () => {
  it.each([
    ['NEWOBJ', [global('a', 'B'), text('x'), 'TUPLE1', 'NEWOBJ'], 'NEWOBJ a.B("x")'],
    ['NEWOBJ_EX', [global('a', 'B'), 'EMPTY_TUPLE', 'EMPTY_DICT', 'NEWOBJ_EX'], 'NEWOBJ_EX a.B()'],
    ['OBJ', ['MARK', global('a', 'B'), text('x'), 'OBJ'], 'OBJ a.B("x")'],
    [
      'nested calls',
      [global('a', 'f'), global('b', 'g'), 'EMPTY_TUPLE', 'REDUCE', 'TUPLE1', 'REDUCE'],
      'REDUCE a.f(b.g())',
    ],
    ['an extension code', [['EXT1', 7], 'EMPTY_TUPLE', 'REDUCE'], 'REDUCE extension(7)()'],
  ] satisfies [string, Instruction[], string][])('are reported for %s', async (_title, program, expected) => {
    expect(await events(PROTO4, ...program, 'STOP')).toContain(expected);
  });

  it('are reported for BUILD with its target, and for a second BUILD as the second', async () => {
    const program: Instruction[] = [
      global('a', 'B'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      'EMPTY_DICT',
      'BUILD',
      'NONE',
      'BUILD',
      'STOP',
    ];
    expect((await events(...program)).slice(2)).toEqual(['BUILD a.B() <- {...}', 'BUILD again a.B() <- None']);
  });

  it.each([
    ['SETITEM', [global('sys', 'modules'), text('k'), 'NONE', 'SETITEM']],
    ['SETITEMS', [global('sys', 'modules'), 'MARK', text('k'), 'NONE', 'SETITEMS']],
    ['APPEND', [global('sys', 'path'), text('/tmp'), 'APPEND']],
    ['APPENDS', [global('sys', 'path'), 'MARK', text('/tmp'), 'APPENDS']],
    ['ADDITEMS', [global('m', 's'), 'MARK', text('/tmp'), 'ADDITEMS']],
  ] satisfies [string, Instruction[]][])(
    'are reported for %s into a foreign object, not into a new one',
    async (opcode, program) => {
      expect((await events(PROTO4, ...program, 'STOP')).some((event) => event.startsWith(`${opcode} `))).toBe(true);
      const own: Instruction = opcode.startsWith('SET')
        ? 'EMPTY_DICT'
        : opcode === 'ADDITEMS'
          ? 'EMPTY_SET'
          : 'EMPTY_LIST';
      expect(await events(PROTO4, own, ...program.slice(1), 'STOP')).toEqual([]);
    },
  );

  it('are reported for keys with two underscores, in any spelling', async () => {
    const spelled: Instruction[] = [['UNICODE', '\\u005f_setstate__\n'], global('a', 'f'), 'SETITEM'];
    expect(await events('EMPTY_DICT', ...spelled, 'STOP')).toContain('key __setstate__: a.f');
    expect(await events('MARK', text('__setstate__'), global('a', 'f'), 'DICT', 'STOP')).toContain(
      'key __setstate__: a.f',
    );
  });

  it('are reported for bytes that contain a pickle', async () => {
    expect(await events(['SHORT_BINBYTES', 4, 0x80, 4, 0x4e, 0x2e], 'STOP')).toEqual(['blob 2+4']);
  });
});

describe('frames', () => {
  const payload: Instruction[] = [global('os', 'system'), 'EMPTY_TUPLE', 'REDUCE', 'STOP'];

  it('frames with whole opcodes are not reported', async () => {
    const inner = assemble(...payload);
    expect(await events(['FRAME', ...le(inner.length, 8)], ...payload)).toEqual([
      'import os system',
      'REDUCE os.system()',
    ]);
  });

  it('frames that end within an operand are read in both ways', async () => {
    // Without frames, the string contains the bytes after it; with frames, C loaders read the string from after the frame.
    const hidden = assemble(...payload);
    const program = assemble(['FRAME', ...le(3, 8)], ['SHORT_BINUNICODE', 2, 'a'], 'NONE', ...payload);
    expect(hidden.length).toBeGreaterThan(0);
    const { events: said, result } = await trace(program);
    expect(said).toContain('odd frame-straddled');
    expect(result.allReadings).toBe(true);
  });

  it('frames within frames, and beyond the end, are reported as odd', async () => {
    expect(await events(['FRAME', ...le(30, 8)], ['FRAME', ...le(2, 8)], 'NONE', 'STOP')).toEqual(
      ['odd frame-beyond-end', 'odd frame-nested'].slice(0, 1),
    );
    const nested = await events(
      ['FRAME', ...le(14, 8)],
      ['FRAME', ...le(2, 8)],
      'NONE',
      'POP',
      'NONE',
      'POP',
      'NONE',
      'STOP',
    );
    expect(nested).toContain('odd frame-nested');
  });
});

describe('the end of a stream', () => {
  it.each([
    ['truncated', [PROTO4, 'NONE']],
    ['stack-underflow', ['STOP']],
    ['stack-underflow', ['MARK', 'NONE', 'MARK', 'STOP']],
    ['no-mark', ['NONE', 'TUPLE', 'STOP']],
    ['protocol', [['PROTO', 6], 'NONE', 'STOP']],
    ['bad-length', [['BINSTRING', 255, 255, 255, 255], 'STOP']],
    ['truncated', [['BINBYTES8', 0, 0, 0, 0, 1, 0, 0, 0], 'STOP']],
    ['operand', ['NONE', 'NONE', 'STACK_GLOBAL', 'STOP']],
  ] satisfies [string, Instruction[]][])('is the error %s: %j', async (reason, program) => {
    expect((await trace(assemble(...program))).result.end).toEqual({ kind: 'error', reason });
  });

  it('is an error at an invalid opcode, after the events before it', async () => {
    const program = Uint8Array.from([...assemble(global('os', 'system'), 'EMPTY_TUPLE', 'REDUCE'), 0xff]);
    const { events: said, result } = await trace(program);
    expect(said).toEqual(['import os system', 'REDUCE os.system()']);
    expect(result.end).toEqual({ kind: 'error', reason: 'invalid-opcode' });
  });

  it.each([
    ['maxPickleStack', Array.from({ length: 600 }, () => 'NONE' as const)],
    ['maxPickleMemo', ['NONE', ...Array.from({ length: 300 }, () => 'MEMOIZE' as const)]],
    ['maxPickleCells', Array.from({ length: 300 }, () => ['NONE', 'TUPLE1'] as const).flat()],
    ['maxPickleGlobals', Array.from({ length: 300 }, (_, i) => global('m', `n${i}`))],
  ] satisfies [string, Instruction[]][])('is the limit %s', async (limit, program) => {
    expect((await trace(assemble(...program, 'STOP'), { [limit]: 100 })).result.end).toEqual({ kind: 'limit', limit });
  });
});

describe('the window size', () => {
  it('does not change the events', async () => {
    const program = assemble(
      PROTO4,
      text('os'),
      'MEMOIZE',
      text('system'),
      'MEMOIZE',
      'STACK_GLOBAL',
      ['BINUNICODE', 3, 0, 0, 0, 'abc'],
      'TUPLE1',
      'REDUCE',
      ['LONG', '12L\n'],
      'POP',
      ['INT', '01\n'],
      'POP',
      'STOP',
    );
    const whole = await trace(program);
    expect(whole.events).toEqual(['import os system', 'REDUCE os.system("abc")']);
    for (let size = 1; size <= program.length; size++) {
      const said: string[] = [];
      const state = new PickleState(
        0,
        program.length,
        {
          ...SILENT,
          onImport: (g) => {
            said.push(`import ${g.module} ${g.name}`);
            return 0;
          },
          onCall: (call) => void said.push(call.opcode),
        },
        DEFAULT_LIMITS,
      );
      const source = new MemorySource(program, 'program');
      let need = 1;
      for (let turn = 0; turn < 1000; turn++) {
        const base = state.position;
        const result = runMachine(
          state,
          source.readNow(base, Math.min(program.length - base, Math.max(size, need))),
          base,
        );
        if (result.kind === 'end') {
          expect(result.end).toEqual({ kind: 'stop' });
          break;
        }
        if (result.kind === 'text')
          state.learn(state.wanted, source.readNow(state.wanted, program.length - state.wanted));
        need = result.kind === 'more' ? result.need : 1;
      }
      expect(said).toEqual(['import os system', 'REDUCE']);
    }
  });
});
