import { readFileSync } from 'node:fs';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { writeOnnx } from '../../src/formats/onnx/write/write.ts';

/** A model of `fixtures/onnx`, by its name without `.onnx`. */
export function onnxFixture(name: string): MemorySource {
  return new MemorySource(readFileSync(new URL(`../../fixtures/onnx/${name}.onnx`, import.meta.url)), `${name}.onnx`);
}

/** All bytes of a stream. */
export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(new Uint8Array(part));
  return Buffer.concat(parts);
}

/** A model as the bytes of one file. */
export function onnxBytes(model: OnnxModel): Promise<Uint8Array> {
  return bytesOf(writeOnnx(model, { externalName: 'model.data' }).model.stream());
}

export async function onnxSource(model: OnnxModel, name = 'model.onnx'): Promise<MemorySource> {
  return new MemorySource(await onnxBytes(model), name);
}
