import {
  type FieldBytes,
  fieldMessage,
  fieldMessages,
  fieldNumber,
  isMessage,
  type MessageValue,
  type ProtoMessage,
} from '../../../formats/tensorflow/walk/index.ts';

const RESOURCE = 20;
const VARIANT = 21;
/** A constant that claims more than this has its elements in the file. */
const MAX_CLAIMED = 2 ** 30;
/** Bytes of an element, at most: complex numbers of 128 bits. */
const MOST_BYTES = 16;
/** Bytes that may be a graph. */
const MIN_GRAPH = 8;

/** What is odd about constants, and the bytes in them that may be a graph. */
export interface TensorSink {
  odd(what: string, subject: string, offset: number): void;
  bytes(value: FieldBytes | Uint8Array, offset: number): void;
}

/** Looks at every constant and every text of bytes within a message. */
export function lookAtTensors(message: ProtoMessage, sink: TensorSink): void {
  if (message.name === 'TensorProto') lookAtTensor(message, sink);
  if (message.name === 'AttrValue' || message.name === 'AttrValue.ListValue') lookAtBytes(message, 2, sink);
  for (const values of message.fields.values())
    for (const value of values) if (isMessage(value)) lookAtTensors(value, sink);
}

function lookAtTensor(tensor: ProtoMessage, sink: TensorSink): void {
  const type = fieldNumber(tensor, 1) ?? 0;
  if (type === RESOURCE || type === VARIANT || tensor.fields.has(14) || tensor.fields.has(15))
    sink.odd('a constant is a handle of a resource, or an object', 'constant object', tensor.start);
  lookAtBytes(tensor, 8, sink);
  const dims = fieldMessages(fieldMessage(tensor, 2) ?? tensor, 2).filter(({ name }) => name.endsWith('.Dim'));
  const elements = dims.reduce((product, dim) => product * (fieldNumber(dim, 1) ?? 0), 1);
  const there = tensor.end - tensor.start;
  if (!(elements >= 0) || (elements * MOST_BYTES > MAX_CLAIMED && elements > there))
    sink.odd(`a constant of ${there} bytes claims ${elements} elements`, 'constant size', tensor.start);
}

function lookAtBytes(message: ProtoMessage, field: number, sink: TensorSink): void {
  for (const value of message.fields.get(field) ?? []) if (isBytes(value)) sink.bytes(value, message.start);
}

function isBytes(value: MessageValue): value is FieldBytes | Uint8Array {
  if (typeof value === 'number' || isMessage(value)) return false;
  return value instanceof Uint8Array ? value.length >= MIN_GRAPH : value.end - value.start >= MIN_GRAPH;
}
