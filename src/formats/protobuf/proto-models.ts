import type { Format, Probe } from '../format.ts';
import { asciiOf, findField, fits, type ProtoField, type ProtoShape, protoFields, within } from './protobuf.ts';

/**
 * Models written as Protocol Buffers have no magic: each is told by field numbers and wire types that its `.proto` names, and by
 * a string or two that only it has there.
 */
function protoFormat(
  id: string,
  title: string,
  extensions: readonly string[],
  test: (fields: readonly ProtoField[]) => boolean,
): Format {
  return {
    id,
    title,
    extensions,
    identify(probe: Probe) {
      const fields = fieldsOf(probe);
      return fields !== undefined && fields.length > 0 && test(fields);
    },
  };
}

const known = new WeakMap<Probe, readonly ProtoField[]>();
const NONE: readonly ProtoField[] = [];

function fieldsOf(probe: Probe): readonly ProtoField[] {
  let fields = known.get(probe);
  if (fields === undefined) {
    fields = protoFields(probe.head, probe.size) ?? NONE;
    known.set(probe, fields);
  }
  return fields;
}

/** ModelProto of onnx.proto3. */
const ONNX_MODEL: ProtoShape = { 1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2 };
const ONNX_GRAPH: ProtoShape = { 1: 2, 2: 2, 5: 2, 10: 2, 11: 2, 12: 2, 13: 2, 14: 2, 15: 2, 16: 2 };
const ONNX_OPSET: ProtoShape = { 1: 2, 2: 0 };

export const ONNX = protoFormat('onnx', 'ONNX model', ['.onnx'], (fields) => {
  if (!fits(fields, ONNX_MODEL)) return false;
  const version = findField(fields, 1);
  const producer = findField(fields, 2);
  if (producer !== undefined && producer.value > 0 && asciiOf(producer) === undefined) return false;
  const graph = findField(fields, 7);
  const opset = findField(fields, 8);
  const graphFits = graph !== undefined && innerFits(graph, ONNX_GRAPH);
  const opsetFits = opset !== undefined && innerFits(opset, ONNX_OPSET);
  if (graph !== undefined && !graphFits) return false;
  return version === undefined
    ? graphFits && opsetFits
    : version.value >= 1 && version.value < 1_000 && (graphFits || opsetFits);
});

function innerFits(field: ProtoField, shape: ProtoShape): boolean {
  const inner = within(field, 200);
  return inner !== undefined && fits(inner, shape);
}

/** SavedModel, MetaGraphDef, GraphDef, NodeDef of TensorFlow's core/protobuf and core/framework. */
const SAVED_MODEL: ProtoShape = { 1: 0, 2: 2 };
const META_GRAPH: ProtoShape = { 1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2 };
const META_INFO: ProtoShape = { 1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 0, 8: 2 };
const GRAPH: ProtoShape = { 1: 2, 2: 2, 3: 0, 4: 2, 5: 2 };
const NODE: ProtoShape = { 1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2 };

export const TF_SAVED_MODEL = protoFormat('tf-saved-model', 'TensorFlow SavedModel', ['.pb'], (fields) => {
  const version = findField(fields, 1);
  const graph = findField(fields, 2);
  return fits(fields, SAVED_MODEL) && version?.value === 1 && graph !== undefined && isMetaGraph(within(graph, 200));
});

/** FingerprintDef, which stands beside a SavedModel: five hashes, their version, and an identity. */
const FINGERPRINT: ProtoShape = { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 2, 7: 2 };
export const TF_FINGERPRINT = protoFormat('tf-fingerprint', 'fingerprint of a SavedModel', ['.pb'], (fields) => {
  const version = findField(fields, 6);
  return (
    fits(fields, FINGERPRINT) &&
    [1, 2, 3, 4].every((number) => findField(fields, number) !== undefined) &&
    (version === undefined || innerFits(version, { 1: 0, 2: 0, 3: 0 }))
  );
});

export const TF_META_GRAPH = protoFormat('tf-meta-graph', 'TensorFlow MetaGraph', ['.meta'], (fields) => {
  // The nodes of a graph look like its information.
  return findField(fields, 1) !== undefined && isMetaGraph(fields) && !isGraph(fields);
});

function isMetaGraph(fields: readonly ProtoField[] | undefined): boolean {
  if (fields === undefined || !fits(fields, META_GRAPH)) return false;
  const info = findField(fields, 1);
  if (info === undefined) {
    const graph = findField(fields, 2);
    return graph !== undefined && isGraph(within(graph, 200));
  }
  const inner = within(info, 200);
  if (inner === undefined || !fits(inner, META_INFO)) return false;
  return inner.some((field) => field.number === 4 || field.number === 5 || isOpList(field));
}

/** A MetaInfoDef's list of operations: each begins with its name. */
function isOpList(field: ProtoField): boolean {
  if (field.number !== 2) return false;
  const first = within(field, 1)?.[0];
  const name = first === undefined ? undefined : within(first, 1)?.[0];
  return first?.number === 1 && name?.number === 1 && /^[A-Z_]\w*$/.test(asciiOf(name) ?? '');
}

export const TF_GRAPH = protoFormat('tf-graph', 'TensorFlow graph', ['.pb', '.graphdef'], isGraph);

function isGraph(fields: readonly ProtoField[] | undefined): boolean {
  if (fields === undefined || !fits(fields, GRAPH)) return false;
  const nodes = fields.filter((field) => field.number === 1);
  return nodes.length > 0 && nodes.slice(0, 8).every(isNode);
}

function isNode(field: ProtoField): boolean {
  const inner = within(field, 100);
  if (inner === undefined || !fits(inner, NODE)) return false;
  // The last node of the head may be cut before its operation's name.
  if (field.bytes.length < field.value && inner.length < 2) return true;
  return asciiOf(findField(inner, 1)) !== undefined && /^[A-Za-z_][\w>]*$/.test(asciiOf(findField(inner, 2)) ?? '');
}

/** SavedMetadata of Keras: nodes with an identifier that starts `_tf_keras`. */
const KERAS_NODE: ProtoShape = { 2: 0, 3: 2, 4: 2, 5: 2, 6: 2 };
export const TF_KERAS_METADATA = protoFormat(
  'tf-keras-metadata',
  'Keras metadata of a SavedModel',
  ['.pb'],
  (fields) => {
    const first = fields[0];
    const inner = first === undefined ? undefined : within(first, 20);
    if (
      !fields.every((field) => field.number === 1 && field.wire === 2) ||
      inner === undefined ||
      !fits(inner, KERAS_NODE)
    )
      return false;
    return (
      asciiOf(findField(inner, 4))?.startsWith('_tf_keras') === true ||
      asciiOf(findField(inner, 3))?.startsWith('root') === true
    );
  },
);

/** SentencePiece's ModelProto: pieces of a string, a score and a kind. */
const SENTENCEPIECE_MODEL: ProtoShape = { 1: 2, 2: 2, 3: 2, 4: 2, 5: 2 };
const PIECE: ProtoShape = { 1: 2, 2: 5, 3: 0 };
export const SENTENCEPIECE = protoFormat('sentencepiece', 'SentencePiece tokenizer', ['.spm', '.model'], (fields) => {
  const pieces = fields.slice(0, 8);
  if (!fits(fields, SENTENCEPIECE_MODEL) || pieces.length < 3) return false;
  return pieces.every((field) => {
    const inner = field.number === 1 ? within(field, 4) : undefined;
    return (
      inner !== undefined && fits(inner, PIECE) && inner[0]?.number === 1 && inner.some((part) => part.number === 2)
    );
  });
});

/** Core ML's Model: a version, a description, and one kind of model among the high field numbers. */
export const COREML = protoFormat('coreml', 'Core ML model', ['.mlmodel'], (fields) => {
  const version = findField(fields, 1);
  const description = findField(fields, 2);
  if (version?.wire !== 0 || version.value < 1 || version.value > 30 || description?.wire !== 2) return false;
  if (
    !fields.every((field) => field.number <= 2 || field.number === 10 || (field.number >= 200 && field.number < 4_000))
  )
    return false;
  const inner = within(description, 20);
  const first = inner?.[0];
  const name = first?.wire === 2 ? within(first, 4)?.[0] : undefined;
  return (
    first !== undefined &&
    (first.number === 1 || first.number === 10) &&
    (name?.number === 1 || first.number === 10) &&
    (fields.some((f) => f.number >= 200) || version.value > 1)
  );
});

/** Paddle's ProgramDesc: blocks of an index and a parent, variables and operations. */
const PADDLE_BLOCK: ProtoShape = { 1: 0, 2: 0, 3: 2, 4: 2, 5: 0 };
export const PADDLE_PROGRAM = protoFormat('paddle-program', 'Paddle program', ['.pdmodel'], (fields) => {
  const block = fields[0];
  const inner = block?.number === 1 ? within(block, 50) : undefined;
  if (!fits(fields, { 1: 2, 4: 2, 5: 2 }) || inner === undefined || !fits(inner, PADDLE_BLOCK)) return false;
  return (
    inner[0]?.number === 1 &&
    inner[0].value === 0 &&
    inner[1]?.number === 2 &&
    inner.some((field) => field.number === 3 || field.number === 4)
  );
});
