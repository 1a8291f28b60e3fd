/** A message of an object header: its type, and its bytes. */
export type CraftedMessage = readonly [type: number, body: Uint8Array];

/** Where the header of the root group stands in a crafted file, and its first message. */
export const HEADER_AT = 96;
export const MESSAGES_AT = HEADER_AT + 16;

export function number(value: number | bigint, size = 8): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.subarray(0, size);
}

/**
 * A file of version 0 whose root has these messages.
 * @param rest what follows the header, at the address that is given to it
 */
export function craftHdf5(messages: readonly CraftedMessage[], rest: Uint8Array = new Uint8Array(0)): Buffer {
  const header = Buffer.concat(
    messages.map(([type, body]) => {
      const padded = Buffer.concat([body, Buffer.alloc((8 - (body.length % 8)) % 8)]);
      return Buffer.concat([number(type, 2), number(padded.length, 2), Buffer.alloc(4), padded]);
    }),
  );
  const end = MESSAGES_AT + header.length + rest.length;
  const none = Buffer.alloc(8, 0xff);
  return Buffer.concat([
    Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0, 0]),
    number(0),
    none,
    number(end),
    none,
    number(0),
    number(HEADER_AT),
    Buffer.alloc(24),
    Buffer.from([1, 0]),
    number(messages.length, 2),
    number(1, 4),
    number(header.length, 4),
    Buffer.alloc(4),
    header,
    rest,
  ]);
}

/** The messages of a dataset of float32 in one piece. */
export function craftedDataset(dims: readonly (number | bigint)[], address: number, length: number): CraftedMessage[] {
  const space = Buffer.concat([Buffer.from([1, dims.length, 0, 0, 0, 0, 0, 0]), ...dims.map((size) => number(size))]);
  const float = Buffer.from([0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]);
  const layout = Buffer.concat([Buffer.from([3, 1]), number(address), number(length)]);
  return [
    [0x01, space],
    [0x03, float],
    [0x08, layout],
  ];
}
