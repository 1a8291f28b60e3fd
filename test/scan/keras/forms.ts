import { craftHdf5 } from '../../formats/hdf5/craft.ts';
import { buildZip } from '../../support/containers.ts';

/** A `.keras` file with this configuration. */
export function kerasZip(config: string | Uint8Array, more: Parameters<typeof buildZip>[0] = []): Buffer {
  return buildZip([
    { name: 'metadata.json', data: '{"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}' },
    { name: 'config.json', data: config },
    ...more,
  ]);
}

/** An `.h5` file whose root has these texts as attributes. */
export function kerasH5(attributes: Readonly<Record<string, string | Uint8Array>>): Buffer {
  return craftHdf5(
    Object.entries(attributes).map(([name, text]) => {
      const value = Buffer.from(text);
      const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
      const label = Buffer.from(`${name}\0`);
      const type = Buffer.from([0x13, 0x01, 0, 0, 0, 0, 0, 0]);
      type.writeUInt32LE(Math.max(1, value.length), 4);
      const space = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
      const head = Buffer.from([1, 0, label.length, 0, type.length, 0, space.length, 0]);
      return [0x0c, Buffer.concat([head, padded(label), padded(type), padded(space), value])] as const;
    }),
  );
}

/** `keras_metadata.pb` with one node for each JSON. */
export function kerasMetadata(...texts: readonly string[]): Buffer {
  const nodes = texts.map((text, index) => {
    const metadata = Buffer.from(text);
    const fields = Buffer.concat([
      Buffer.from([0x10, index, 0x1a, 4]),
      Buffer.from('root'),
      Buffer.from([0x22, 15]),
      Buffer.from('_tf_keras_layer'),
      Buffer.from([0x2a, ...varint(metadata.length)]),
      metadata,
    ]);
    return Buffer.concat([Buffer.from([0x0a, ...varint(fields.length)]), fields]);
  });
  return Buffer.concat(nodes);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

/** A Sequential of these layers, as Keras 3 writes it. */
export function sequential(...layers: readonly unknown[]): string {
  return JSON.stringify({ ...object('Sequential', { name: 's', layers }), module: 'keras' });
}

/** An object as Keras 3 writes it. */
export function object(name: string, config: unknown = {}, more: Readonly<Record<string, unknown>> = {}) {
  return { module: 'keras.layers', class_name: name, config, registered_name: null, ...more };
}

export const DENSE = object('Dense', { name: 'd', units: 1 });
/** Bytes of Python code, as base64; they are never run. */
export const CODE =
  'YwAAAAAAAAAAAAAAAAMAAAAAAAAA8zAAAACVAFwAIgBTADUBAAAAAAAAUgMAAAAAAAAAAAAAAAAAAAAAAABTATUBAAAAAAAAJAA=';
