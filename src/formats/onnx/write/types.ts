import { ProtoWriter } from '../../protobuf/index.ts';
import { typeFacts } from '../data-type.ts';
import type { OnnxDimension, OnnxType } from '../model.ts';

const FIELD_OF_KIND: Readonly<Record<OnnxType['kind'], number>> = {
  tensor: 1,
  sequence: 4,
  map: 5,
  opaque: 7,
  'sparse-tensor': 8,
  optional: 9,
};
const DENOTATION = 6;

/** A TypeProto; one of a value that says nothing is an empty message. */
export function typeMessage(type: OnnxType): ProtoWriter {
  const out = new ProtoWriter();
  const number = FIELD_OF_KIND[type.kind];
  const denote = () => {
    if (type.denotation !== '') out.text(DENOTATION, type.denotation);
  };
  if (number > DENOTATION) denote();
  out.message(number, body(type));
  if (number < DENOTATION) denote();
  return out;
}

function body(type: OnnxType): ProtoWriter {
  const out = new ProtoWriter();
  switch (type.kind) {
    case 'tensor':
    case 'sparse-tensor':
      if (type.element !== undefined) out.varint(1, typeFacts(type.element).code);
      if (type.shape !== undefined) out.message(2, shapeMessage(type.shape));
      return out;
    case 'sequence':
    case 'optional':
      if (type.element !== undefined) out.message(1, typeMessage(type.element));
      return out;
    case 'map':
      out.varint(1, typeFacts(type.key).code);
      if (type.value !== undefined) out.message(2, typeMessage(type.value));
      return out;
    case 'opaque':
      if (type.domain !== '') out.text(1, type.domain);
      out.text(2, type.name);
      return out;
  }
}

function shapeMessage(shape: readonly OnnxDimension[]): ProtoWriter {
  const out = new ProtoWriter();
  for (const { size, denotation } of shape) {
    const dimension = new ProtoWriter();
    if (typeof size === 'number') dimension.varint(1, size);
    else if (size !== undefined) dimension.text(2, size);
    if (denotation !== '') dimension.text(3, denotation);
    out.message(1, dimension);
  }
  return out;
}
