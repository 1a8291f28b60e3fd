import { readFileSync } from 'node:fs';
import type { SeededRandom } from '../../src/core/random.ts';
import {
  externalTensor,
  type Fill,
  functionOf,
  graphOf,
  message,
  node,
  onnxModel,
  RELU,
} from '../support/onnx-messages.ts';

const PARTS = [
  '..',
  '.',
  '',
  'a',
  'models',
  'other',
  'tmp',
  'job',
  'secrets',
  'missing',
  '.. ',
  '...',
  '..\0',
  '~',
  'C:',
];
const ENDS = ['w.bin', 'secret', 'm.onnx', 'W.BIN', 'w.bin ', 'w.bin\0.txt', ''];
const BEGINS = [
  '',
  '',
  '',
  '',
  '/',
  '//',
  '/tmp/',
  '/secrets/',
  './',
  '../',
  'file://',
  'file:///secrets/',
  '\\',
  '\\\\?\\',
  '*/_ORT_MEM_ADDR_/*',
];
const OFFSETS = ['0', '4', '60', '64', '-4', '+4', '9007199254740993', '18446744073709551612', '0x4', '', '4096'];
const LENGTHS = ['4', '0', '8', '-1', '18446744073709551615', ''];
const FIXTURES = ['attributes', 'control', 'convolution', 'external', 'functions', 'linear', 'trees', 'types'];
const PROBES = ['ext-dotdot', 'ext-ok', 'ext-subgraph', 'ext-win', 'function-custom', 'ok', 'pyop'];

export interface Composed {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** Models that name a file in some way, at some place. */
export function composed(random: SeededRandom): Composed {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const parts = Array.from({ length: random.below(4) }, () => pick(PARTS));
  const separator = pick(['/', '/', '/', '\\']);
  const location = random.below(12) === 0 ? 'w.bin' : `${pick(BEGINS)}${[...parts, pick(ENDS)].join(separator)}`;
  const entries: [string, string][] = [['location', location]];
  if (random.below(4) === 0) entries.push(['offset', pick(OFFSETS)]);
  if (random.below(4) === 0) entries.push(['length', pick(LENGTHS)]);
  if (random.below(6) === 0) entries.push(['location', pick(['w.bin', '../w.bin'])]);
  if (random.below(8) === 0) entries.reverse();
  const place = random.below(PLACES.length);
  return { what: JSON.stringify([place, entries]), bytes: (PLACES[place] ?? inGraph)(externalTensor(...entries)) };
}

const holding =
  (tensor: Fill): Fill =>
  (out) => [out.text(1, 'value'), out.message(5, message(tensor)), out.varint(20, 4)];
const constant = (tensor: Fill) =>
  message((out) => [out.text(2, 'w'), out.text(4, 'Constant'), out.message(5, message(holding(tensor)))]);
const inGraph = (tensor: Fill): Uint8Array =>
  onnxModel({ graph: (out) => [RELU(out), out.message(5, message(tensor)), ends(out)] });

/** An input and an output of one float. */
function ends(out: Parameters<Fill>[0]): void {
  for (const [field, name] of [
    [11, 'x'],
    [12, 'y'],
  ] as const) {
    const tensor = message((type) => [
      type.varint(1, 1),
      type.message(
        2,
        message((shape) =>
          shape.message(
            1,
            message((dim) => dim.varint(1, 1)),
          ),
        ),
      ),
    ]);
    out.message(
      field,
      message((value) => [
        value.text(1, name),
        value.message(
          2,
          message((type) => type.message(1, tensor)),
        ),
      ]),
    );
  }
}

const PLACES: readonly ((tensor: Fill) => Uint8Array)[] = [
  inGraph,
  // Added to the input, so that constants are folded.
  (tensor) =>
    onnxModel({
      graph: (out) => {
        out.message(
          1,
          message((add) => [add.text(1, 'x'), add.text(1, 'w'), add.text(2, 'y'), add.text(4, 'Add')]),
        );
        out.text(2, 'graph');
        out.message(5, message(tensor));
        ends(out);
      },
    }),
  (tensor) => onnxModel({ graph: (out) => [graphOf(constant(tensor), node('Relu'))(out), ends(out)] }),
  (tensor) =>
    onnxModel({
      opsets: [
        ['', 17],
        ['local', 1],
      ],
      graph: (out) => [graphOf(node('F', { domain: 'local' }))(out), ends(out)],
      rest: (out) => out.message(25, functionOf('local', 'F', [constant(tensor), node('Relu')])),
    }),
  (tensor) =>
    onnxModel({
      graph: (out) => {
        const branch = message((graph) => [
          graphOf(message((one) => [one.text(1, 'w'), one.text(2, 'b'), one.text(4, 'Identity')]))(graph),
          graph.message(5, message(tensor)),
          graph.message(
            12,
            message((value) => value.text(1, 'b')),
          ),
        ]);
        const attributes = ['then_branch', 'else_branch'].map(
          (name): Fill =>
            (attribute) => [attribute.text(1, name), attribute.message(6, branch), attribute.varint(20, 5)],
        );
        const condition = message((value) => [
          value.varint(2, 9),
          value.text(8, 'c'),
          value.bytes(9, new Uint8Array([1])),
        ]);
        out.message(
          1,
          message((one) => {
            one.text(1, 'c');
            one.text(2, 'y');
            one.text(4, 'If');
            for (const attribute of attributes) one.message(5, message(attribute));
          }),
        );
        out.text(2, 'graph');
        out.message(5, condition);
        ends(out);
      },
    }),
  (tensor) =>
    onnxModel({
      graph: (out) => [
        RELU(out),
        out.message(
          15,
          message((sparse) => [
            sparse.message(1, message(tensor)),
            sparse.message(2, message(tensor)),
            sparse.varint(3, 4),
          ]),
        ),
        ends(out),
      ],
    }),
  (tensor) =>
    onnxModel({
      graph: (out) => [RELU(out), ends(out)],
      rest: (out) =>
        out.message(
          20,
          message((training) =>
            training.message(
              2,
              message((graph) => [RELU(graph), graph.message(5, message(tensor))]),
            ),
          ),
        ),
    }),
  // A function of the name of a standard operator.
  (tensor) =>
    onnxModel({
      graph: (out) => [RELU(out), ends(out)],
      rest: (out) => out.message(25, functionOf('', 'Relu', [constant(tensor), node('Relu')])),
    }),
];

let files: readonly (readonly [string, Uint8Array])[] | undefined;

/** A real model, or a probe, with some of its bytes changed, removed or doubled. */
export function mutated(random: SeededRandom): Composed {
  files ??= [
    ...FIXTURES.map((name) => [name, readFileSync(`fixtures/onnx/${name}.onnx`)] as const),
    ...PROBES.map((name) => [name, readFileSync(`fixtures/format-probes/onnx-${name}/m.onnx`)] as const),
  ];
  const [name, real] = files[random.below(files.length)] as readonly [string, Uint8Array];
  const bytes = [...real];
  const changes: string[] = [];
  for (let i = 1 + random.below(4); i > 0; i--) {
    const at = random.below(bytes.length);
    const value = random.below(256);
    const kind = random.below(8);
    if (kind === 0) bytes.splice(at, 1 + random.below(4));
    else if (kind === 1) bytes.splice(at, 0, ...bytes.slice(at, at + 1 + random.below(32)));
    else bytes[at] = value;
    changes.push(`${kind}@${at}=${value}`);
    if (bytes.length === 0) bytes.push(0);
  }
  return { what: `${name} ${changes.join(' ')}`, bytes: Uint8Array.from(bytes) };
}
