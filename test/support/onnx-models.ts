import { readFileSync } from 'node:fs';
import { type ByteSource, chunks, MemorySource } from '../../src/core/bytes/byte-source.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { writeOnnx } from '../../src/formats/onnx/write/write.ts';

/** A model of `fixtures/onnx`, by its name without `.onnx`. */
export function onnxFixture(name: string): MemorySource {
  return new MemorySource(readFileSync(new URL(`../../fixtures/onnx/${name}.onnx`, import.meta.url)), `${name}.onnx`);
}

/** All bytes of a source. */
export async function bytesOf(source: ByteSource): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks(source)) parts.push(new Uint8Array(part));
  return Buffer.concat(parts);
}

/** A model as the bytes of one file. */
export function onnxBytes(model: OnnxModel): Promise<Uint8Array> {
  return bytesOf(writeOnnx(model, { externalName: 'model.data' }).model);
}

export async function onnxSource(model: OnnxModel, name = 'model.onnx'): Promise<MemorySource> {
  return new MemorySource(await onnxBytes(model), name);
}
