import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { readOnnx } from '../../../src/formats/onnx/read/model.ts';
import { tensorBytes } from '../../../src/formats/onnx/tensor-data.ts';
import { ProtoWriter } from '../../../src/formats/protobuf/encode.ts';

type Fill = (out: ProtoWriter) => void;

function message(fill: Fill): ProtoWriter {
  const out = new ProtoWriter();
  fill(out);
  return out;
}

/** A model of one graph, by what the graph holds. */
function model(graph: Fill, rest: Fill = () => {}): MemorySource {
  return sourceOf((out) => {
    out.varint(1, 8);
    out.message(7, message(graph));
    rest(out);
  });
}

function sourceOf(fill: Fill): MemorySource {
  const bytes = message(fill)
    .parts()
    .filter((part) => part instanceof Uint8Array);
  return new MemorySource(Buffer.concat(bytes), 'hostile.onnx');
}

/** A model of one initializer. */
function tensor(fill: Fill): MemorySource {
  return model((graph) => graph.message(5, message(fill)));
}

/** A model of a node with one attribute. */
function attribute(fill: Fill): MemorySource {
  return model((graph) =>
    graph.message(
      1,
      message((node) => node.message(5, message(fill))),
    ),
  );
}

/** A tensor whose elements are in a file, with these properties. */
function external(...properties: readonly (readonly [key: string, value: string])[]): MemorySource {
  return tensor((out) => {
    out.varint(2, 1);
    for (const [key, value] of properties) out.message(13, property(key, value));
    out.varint(14, 1);
  });
}

function property(key: string, value: string): ProtoWriter {
  return message((out) => {
    out.text(1, key);
    out.text(2, value);
  });
}

const EMPTY: Fill = () => {};

describe('hostile models', () => {
  it.each<[what: string, source: MemorySource, code: string, text: RegExp]>([
    ['no bytes', new MemorySource(new Uint8Array(0), 'x'), 'malformed', /no graph/],
    [
      'two graphs, which a library merges',
      sourceOf((out) => [1, 2].map(() => out.message(7, message(EMPTY)))),
      'malformed',
      /comes twice/,
    ],
    ['a graph that is a number', sourceOf((out) => out.varint(7, 3)), 'malformed', /not a message/],
    ['a group', new MemorySource(Uint8Array.of(0x3b), 'x'), 'malformed', /wire type 3/],
    ['field 0', new MemorySource(Uint8Array.of(0x02, 0), 'x'), 'malformed', /field number 0/],
    [
      'a tag of six bytes',
      new MemorySource(Uint8Array.of(0xba, 0x80, 0x80, 0x80, 0x80, 0, 0), 'x'),
      'malformed',
      /field number/,
    ],
    [
      'a length beyond the file',
      new MemorySource(Uint8Array.of(0x3a, 0xff, 0x7f), 'x'),
      'truncated',
      /beyond its message/,
    ],
    [
      'a length of 2^64 - 1',
      new MemorySource(Uint8Array.of(0x3a, ...Array(9).fill(0xff), 1), 'x'),
      'truncated',
      /beyond/,
    ],
    [
      'a number of eleven bytes',
      new MemorySource(Uint8Array.of(8, ...Array(10).fill(0xff), 1), 'x'),
      'malformed',
      /64 bits/,
    ],
    [
      'a number of 70 bits',
      new MemorySource(Uint8Array.of(8, ...Array(9).fill(0xff), 0x7f), 'x'),
      'malformed',
      /64 bits/,
    ],
    ['a number without an end', new MemorySource(Uint8Array.of(8, 0x80), 'x'), 'truncated', /without an end/],
    ['a name that is not UTF-8', model((graph) => graph.bytes(2, Uint8Array.of(0xff))), 'malformed', /UTF-8/],
    [
      'a tensor without elements',
      tensor((out) => {
        out.packedVarints(1, [2]);
        out.varint(2, 1);
      }),
      'malformed',
      /no elements/,
    ],
    ['a tensor of no type', tensor((out) => out.varint(2, 0)), 'malformed', /unknown type 0/],
    ['a tensor of a type of tomorrow', tensor((out) => out.varint(2, 99)), 'unsupported', /unknown type 99/],
    [
      'raw data that is too short',
      tensor((out) => {
        out.packedVarints(1, [2]);
        out.varint(2, 1);
        out.bytes(9, new Uint8Array(7));
      }),
      'malformed',
      /needs 8 bytes, and has 7/,
    ],
    [
      'raw data of strings',
      tensor((out) => {
        out.varint(2, 8);
        out.bytes(9, new Uint8Array(1));
      }),
      'malformed',
      /strings as bytes/,
    ],
    [
      'raw data and a list',
      tensor((out) => {
        out.packedVarints(1, [1]);
        out.varint(2, 1);
        out.packedFloats(4, Float32Array.of(1));
        out.bytes(9, new Uint8Array(4));
      }),
      'malformed',
      /as bytes and as a list/,
    ],
    [
      'two lists',
      tensor((out) => {
        out.varint(2, 1);
        out.packedFloats(4, Float32Array.of(1));
        out.packedVarints(5, [1]);
      }),
      'malformed',
      /two lists/,
    ],
    [
      'floats in a list of integers',
      tensor((out) => {
        out.packedVarints(1, [1]);
        out.varint(2, 1);
        out.packedVarints(5, [1]);
      }),
      'malformed',
      /float32 in a list of int32s/,
    ],
    [
      'fewer floats than dimensions say',
      tensor((out) => {
        out.packedVarints(1, [3]);
        out.varint(2, 1);
        out.packedFloats(4, Float32Array.of(1));
      }),
      'malformed',
      /needs 3 elements, and has 1/,
    ],
    [
      'dimensions whose product is 2^64',
      tensor((out) => {
        out.packedVarints(1, [2 ** 32, 2 ** 32]);
        out.varint(2, 1);
        out.bytes(9, new Uint8Array(0));
      }),
      'malformed',
      /more than 2\^53/,
    ],
    [
      'a dimension of -1',
      tensor((out) => {
        out.packedVarints(1, [-1n]);
        out.varint(2, 1);
      }),
      'malformed',
      /dimension of -1/,
    ],
    [
      'a dimension of 2^63 - 1',
      tensor((out) => {
        out.packedVarints(1, [2n ** 63n - 1n]);
        out.varint(2, 1);
      }),
      'malformed',
      /dimension of 9223372036854775807/,
    ],
    ['a tensor in segments', tensor((out) => out.message(3, message(EMPTY))), 'unsupported', /segments/],
    [
      'bytes inside and outside',
      tensor((out) => {
        out.varint(2, 1);
        out.bytes(9, new Uint8Array(4));
        out.message(13, property('location', 'x'));
        out.varint(14, 1);
      }),
      'malformed',
      /in the model and outside/,
    ],
    [
      'bytes outside, nowhere',
      tensor((out) => {
        out.varint(2, 1);
        out.varint(14, 1);
      }),
      'malformed',
      /does not say where/,
    ],
    ['two locations', external(['location', 'a'], ['location', 'b']), 'malformed', /location twice/],
    ['a negative offset', external(['location', 'a'], ['offset', '-4']), 'malformed', /"-4" as offset/],
    ['a hexadecimal length', external(['location', 'a'], ['length', '0x4']), 'malformed', /"0x4" as length/],
    [
      'a length that is not that of the tensor',
      external(['location', 'a'], ['length', '8']),
      'malformed',
      /needs 4 bytes, and names 8/,
    ],
    [
      'a third location',
      tensor((out) => {
        out.varint(2, 1);
        out.varint(14, 2);
      }),
      'malformed',
      /unknown location 2/,
    ],
    [
      'an attribute with two values',
      attribute((out) => {
        out.text(1, 'a');
        out.varint(3, 1);
        out.bytes(4, new Uint8Array(1));
      }),
      'malformed',
      /values of the types int and string/,
    ],
    [
      'an attribute of another type than its value',
      attribute((out) => {
        out.text(1, 'a');
        out.varint(3, 1);
        out.varint(20, 1);
      }),
      'malformed',
      /of type float, and has a value of type int/,
    ],
    ['an attribute without a value', attribute((out) => out.text(1, 'a')), 'malformed', /no value/],
    [
      'a graph attribute without a graph',
      attribute((out) => out.varint(20, 5)),
      'malformed',
      /graph, and has no value/,
    ],
    ['an attribute of an unknown type', attribute((out) => out.varint(20, 99)), 'unsupported', /unknown type 99/],
    [
      'a reference with a value',
      attribute((out) => {
        out.varint(3, 1);
        out.text(21, 'b');
      }),
      'malformed',
      /refers to one/,
    ],
    ['a list of floats of five bytes', attribute((out) => out.bytes(7, new Uint8Array(5))), 'malformed', /5 bytes/],
  ])('refuses %s', async (_what, source, code, text) => {
    const error = await readOnnx(source).then(
      () => expect.unreachable('it was read'),
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(text) });
  });

  it('stops at graphs that are nested deeper than libraries read', async () => {
    let graph = message(EMPTY);
    for (let i = 0; i < 40; i++) {
      const inner = graph;
      graph = message((out) =>
        out.message(
          1,
          message((node) =>
            node.message(
              5,
              message((a) => a.message(6, inner)),
            ),
          ),
        ),
      );
    }
    await expect(readOnnx(sourceOf((out) => out.message(7, graph)))).rejects.toMatchObject({ code: 'limit' });
  });

  it('stops at types that are nested without end', async () => {
    let type = message(EMPTY);
    for (let i = 0; i < 200; i++) {
      const inner = type;
      type = message((out) =>
        out.message(
          4,
          message((sequence) => sequence.message(1, inner)),
        ),
      );
    }
    const source = model((graph) =>
      graph.message(
        11,
        message((value) => value.message(2, type)),
      ),
    );
    await expect(readOnnx(source)).rejects.toMatchObject({ code: 'limit' });
  });

  it('charges what it keeps before it keeps it', async () => {
    const many = model((graph) => {
      for (let i = 0; i < 50_000; i++) graph.message(1, message(EMPTY));
    });
    const limits = { ...DEFAULT_LIMITS, maxFileMemory: 1024 * 1024 };
    await expect(readOnnx(many, { limits })).rejects.toMatchObject({ code: 'limit', limit: 'maxFileMemory' });
  });

  it('lists the fields that it does not know, and counts those beyond a thousand', async () => {
    const source = model((graph) => {
      for (let i = 0; i < 1_500; i++) graph.varint(99, i);
    });
    const { unread, unreadCount } = await readOnnx(source);
    expect(unread).toHaveLength(1_000);
    expect(unread[0]).toEqual({ message: 'GraphProto', number: 99, offset: 5, length: 3 });
    expect(unreadCount).toBe(1_500);
  });

  it('says where bytes outside of the model are said to be, used or not', async () => {
    const source = model((graph) => {
      for (const location of [0, 1]) {
        const one = message((out) => {
          out.varint(2, 1);
          out.text(8, `t${location}`);
          if (location === 0) out.bytes(9, new Uint8Array(4));
          out.message(13, property('location', '/etc/passwd'));
          out.message(13, property('basepath', '/'));
          out.varint(14, location);
        });
        graph.message(5, one);
      }
    });
    const { external } = await readOnnx(source);
    expect(external).toMatchObject([
      { tensor: 't0', ignored: true, at: { location: '/etc/passwd' } },
      { tensor: 't1', ignored: false, at: { location: '/etc/passwd', others: [{ key: 'basepath', value: '/' }] } },
    ]);
  });

  it('finds references in subgraphs, functions and training', async () => {
    const away = message((out) => {
      out.varint(2, 1);
      out.message(13, property('location', 'deep'));
      out.varint(14, 1);
    });
    const node = message((out) =>
      out.message(
        5,
        message((a) => a.message(5, away)),
      ),
    );
    const graph = message((out) => out.message(1, node));
    const source = model(
      (out) =>
        out.message(
          1,
          message((outer) =>
            outer.message(
              5,
              message((a) => a.message(6, graph)),
            ),
          ),
        ),
      (out) => {
        out.message(
          20,
          message((training) => training.message(2, graph)),
        );
        out.message(
          25,
          message((one) => one.message(7, node)),
        );
      },
    );
    expect((await readOnnx(source)).external).toHaveLength(3);
  });

  it('refuses a list of integers that is longer or shorter than its dimensions, once it is asked for', async () => {
    for (const values of [[1], [1, 2, 3]]) {
      const source = tensor((out) => {
        out.packedVarints(1, [2]);
        out.varint(2, 7);
        out.packedVarints(7, values);
      });
      const [initializer] = (await readOnnx(source)).model.graph.initializers;
      if (initializer === undefined) expect.unreachable('no initializer');
      await expect(tensorBytes(initializer)).rejects.toMatchObject({ code: 'malformed' });
    }
  });

  it('takes a list that is packed in parts, and not packed in others, as libraries do', async () => {
    const source = tensor((out) => {
      out.packedVarints(1, [2]);
      out.varint(1, 2);
      out.varint(7, 1);
      out.packedVarints(7, [-2n, 3n]);
      out.varint(2, 7);
      out.varint(7, 4);
    });
    const [initializer] = (await readOnnx(source)).model.graph.initializers;
    if (initializer === undefined) expect.unreachable('no initializer');
    expect(initializer.dims).toEqual([2, 2]);
    const bytes = await tensorBytes(initializer);
    expect(new BigInt64Array(new Uint8Array(bytes).buffer)).toEqual(BigInt64Array.of(1n, -2n, 3n, 4n));
  });
});
