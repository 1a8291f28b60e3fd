import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assess } from '../../src/pipeline/assess.ts';
import { artifactOf, memoryFile } from '../support/artifacts.ts';
import { findPython, requirePart } from '../support/parts.ts';
import { runProgram } from '../support/run-program.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();
/** Of protocol 0, after the newline that ends any open text. */
const CALL = Buffer.from("\ncos\nsystem\n(S'true'\ntR.");

function safetensors(headerLength: number, json: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerLength));
  return Buffer.concat([length, Buffer.from(json.padEnd(headerLength)), data]);
}

function tensors(extra = ''): string {
  return `{${extra}"w":{"dtype":"U8","shape":[${CALL.length}],"data_offsets":[0,${CALL.length}]}}`;
}

/** The length of the header, 0x..56, opens a UNICODE line: everything up to the first newline, which is in the tensor. */
const LINE = safetensors(0x156, tensors(), CALL);
/** 0x..58 opens BINUNICODE of 32 bytes: the unpickler continues inside a note of the metadata, and from there to the tensor. */
const STRING = safetensors(0x2058, tensors('"__metadata__":{"note":"....Vxyz"},'), CALL);

/** `G` reads eight bytes as a float; the counts of tensors and keys form strings; the payload is in a key. */
function gguf(): Buffer {
  const head = Buffer.alloc(32);
  head.write('GGUF', 0);
  head.writeUInt32LE(3, 4);
  head[9] = 0x55; // SHORT_BINSTRING
  head[10] = 13;
  head.writeUInt8(1, 16);
  head.writeUInt32LE(0x56, 24); // the length of a key, and UNICODE
  return Buffer.concat([head, CALL, Buffer.alloc(0x56 - CALL.length), Buffer.from([8, 0, 0, 0]), Buffer.alloc(64)]);
}

/** `B` reads as many bytes as `M` and the size state; a false size makes that a few. */
function bmp(): Buffer {
  const head = Buffer.alloc(82);
  head.write('BM', 0);
  head[5] = 1;
  head.writeUInt32LE(54, 10);
  head.writeUInt32LE(40, 14);
  return Buffer.concat([head, CALL.subarray(1), Buffer.alloc(100)]);
}

const POLYGLOTS = [
  ['safetensors, by a line', 'line.safetensors', 'safetensors', LINE],
  ['safetensors, by a string', 'string.safetensors', 'safetensors', STRING],
  [
    'text, after a line that is longer than the probe',
    'notes.txt',
    'text',
    Buffer.concat([Buffer.from('V'.padEnd(9_000, 'x')), CALL]),
  ],
  ['GGUF', 'model.gguf', 'gguf', gguf()],
  ['a BMP image with a false size', 'image.bmp', 'pickle', bmp()],
] as const;

async function verdictOf(name: string, bytes: Uint8Array) {
  const assessment = await assess(artifactOf([memoryFile(name, bytes)]));
  return { file: assessment.files[0], rules: assessment.findings.map(({ ruleId }) => ruleId) };
}

describe.each(POLYGLOTS)('a polyglot of a pickle and %s', (_, name, format, bytes) => {
  it('is malicious', async () => {
    const { file, rules } = await verdictOf(name, bytes);
    expect(file).toMatchObject({ format, verdict: 'malicious', imports: ['os.system'] });
    expect(rules).toContain('pickle.global.dangerous');
    if (format !== 'pickle' && format !== 'text') expect(rules).toContain('format.polyglot');
  });

  it('is not malicious without the payload', async () => {
    const harmless = Buffer.from(bytes);
    harmless.fill(0x20, harmless.indexOf('cos\n'), harmless.indexOf('tR.') + 3);
    const { file, rules } = await verdictOf(name, harmless);
    expect(file?.verdict).not.toBe('malicious');
    expect(rules).not.toContain('format.polyglot');
  });
});

it('a safetensors file whose length only opens a string is clean', async () => {
  for (const length of [0x156, 0x158, 0x2058]) {
    const { file } = await verdictOf('model.safetensors', safetensors(length, tensors(), Buffer.alloc(CALL.length, 7)));
    expect(file).toMatchObject({ format: 'safetensors', verdict: 'clean' });
  }
});

it('a file whose reading as a pickle meets a limit is unknown', async () => {
  const text = Buffer.concat([Buffer.alloc(17 * 1024 * 1024, 'V'), CALL]);
  const { file } = await verdictOf('notes.txt', text);
  expect(file).toMatchObject({ format: 'text', verdict: 'unknown' });
  expect(file?.reasons.join()).toContain('(maxPickleLine)');
});

it('text that starts like a pickle is clean', async () => {
  for (const text of [
    'Very long '.repeat(2_000),
    `Vision\n${'class of models '.repeat(1_000)}\n`,
    `${'Note\n'.repeat(2_000)}`,
  ])
    expect((await verdictOf('notes.txt', Buffer.from(text))).file).toMatchObject({ format: 'text', verdict: 'clean' });
});

const python = findPython();

requirePart('Python', python !== undefined, 'install python3', 'the polyglots in Python', () => {
  /** Unpickles with an import that is only recorded: it proves that a loader would request the name, and nothing runs. */
  const LOADER = `
import pickle, sys
class Watch(pickle.Unpickler):
    def find_class(self, module, name):
        print(module + '.' + name)
        return lambda *args: print('called with', args)
with open(sys.argv[1], 'rb') as file:
    Watch(file).load()
`;

  it.each(POLYGLOTS)('%s: the unpickler requests os.system and calls it', async (_, name, __, bytes) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const ran = await runProgram(python ?? '', ['-c', LOADER, path]);
    expect(ran.stdout).toBe("os.system\ncalled with ('true',)\n");
    expect(ran.status, ran.stderr).toBe(0);
  });
});
