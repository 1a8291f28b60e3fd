import { ProtoWriter } from '../../src/formats/protobuf/encode.ts';

export type Fill = (out: ProtoWriter) => void;

export function message(fill: Fill): ProtoWriter {
  const out = new ProtoWriter();
  fill(out);
  return out;
}

export function bytesOf(fill: Fill): Uint8Array {
  return Buffer.concat(
    message(fill)
      .parts()
      .filter((part) => part instanceof Uint8Array),
  );
}

export interface ModelParts {
  readonly ir?: number | bigint;
  readonly opsets?: readonly (readonly [domain: string, version: number | bigint])[];
  readonly graph?: Fill;
  readonly rest?: Fill;
}

/** A model: its graph first and its operator sets last, as most writers do. */
export function onnxModel({ ir = 8, opsets = [['', 17]], graph = RELU, rest = () => {} }: ModelParts = {}): Uint8Array {
  return bytesOf((out) => {
    out.varint(1, ir);
    out.text(2, 'tests');
    out.message(7, message(graph));
    for (const one of opsets) out.message(8, opset(...one));
    rest(out);
  });
}

export function opset(domain: string, version: number | bigint): ProtoWriter {
  return message((out) => {
    if (domain !== '') out.text(1, domain);
    out.varint(2, version);
  });
}

export interface NodeParts {
  readonly domain?: string;
  readonly attributes?: readonly Fill[];
  readonly rest?: Fill;
}

export function node(op: string, { domain, attributes = [], rest = () => {} }: NodeParts = {}): ProtoWriter {
  return message((out) => {
    out.text(1, 'x');
    out.text(2, 'y');
    out.text(4, op);
    for (const fill of attributes) out.message(5, message(fill));
    if (domain !== undefined) out.text(7, domain);
    rest(out);
  });
}

export const RELU: Fill = (out) => {
  out.message(1, node('Relu'));
  out.text(2, 'graph');
};

/** A graph of these nodes. */
export function graphOf(...nodes: readonly ProtoWriter[]): Fill {
  return (out) => {
    for (const one of nodes) out.message(1, one);
    out.text(2, 'graph');
  };
}

export function property(key: string, value: string): ProtoWriter {
  return message((out) => {
    out.text(1, key);
    out.text(2, value);
  });
}

/** A tensor of one float, whose elements are in a file with these properties. */
export function externalTensor(...properties: readonly (readonly [key: string, value: string])[]): Fill {
  return (out) => {
    out.varint(1, 1);
    out.varint(2, 1);
    out.text(8, 'w');
    for (const [key, value] of properties) out.message(13, property(key, value));
    out.varint(14, 1);
  };
}

/** A model of one initializer. */
export function tensorModel(fill: Fill): Uint8Array {
  return onnxModel({
    graph: (out) => {
      out.message(5, message(fill));
      RELU(out);
    },
  });
}

export function functionOf(
  domain: string,
  name: string,
  nodes: readonly ProtoWriter[],
  opsets: readonly (readonly [string, number])[] = [['', 17]],
): ProtoWriter {
  return message((out) => {
    out.text(1, name);
    out.text(4, 'x');
    out.text(5, 'y');
    for (const one of nodes) out.message(7, one);
    for (const one of opsets) out.message(9, opset(...one));
    out.text(10, domain);
  });
}
