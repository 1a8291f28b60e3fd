import type {
  OnnxAttribute,
  OnnxGraph,
  OnnxNode,
  OnnxProperty,
  OnnxQuantization,
  OnnxSparseTensor,
  OnnxTensor,
  OnnxValue,
} from '../model.ts';
import { readAttribute } from './attribute.ts';
import type { MessageReader } from './message-reader.ts';
import { readSparseTensor, readTensor } from './tensor.ts';
import { readProperty, readValue } from './values.ts';

export async function readNode(reader: MessageReader, end: number): Promise<OnnxNode> {
  const { cursor } = reader;
  let seen = 0;
  let name = '';
  let op = '';
  let domain = '';
  let overload = '';
  let docString = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: OnnxAttribute[] = [];
  const metadata: OnnxProperty[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number === 1) inputs.push(await reader.text());
    else if (number === 2) outputs.push(await reader.text());
    else if (number === 5) attributes.push(await reader.nested(readGraphAttribute));
    else if (number === 9) metadata.push(await reader.nested(readProperty));
    else if (number === 3 || number === 4 || number === 6 || number === 7 || number === 8) {
      seen = reader.once(seen);
      const text = await reader.text();
      if (number === 3) name = text;
      else if (number === 4) op = text;
      else if (number === 6) docString = text;
      else if (number === 7) domain = text;
      else overload = text;
    } else reader.skip('NodeProto');
  }
  return { name, op, domain, overload, inputs, outputs, attributes, docString, metadata };
}

export function readGraphAttribute(reader: MessageReader, end: number): Promise<OnnxAttribute> {
  return readAttribute(reader, end, readGraph);
}

export async function readGraph(reader: MessageReader, end: number): Promise<OnnxGraph> {
  const { cursor } = reader;
  let seen = 0;
  let name = '';
  let docString = '';
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const sparseInitializers: OnnxSparseTensor[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const values: OnnxValue[] = [];
  const quantization: OnnxQuantization[] = [];
  const metadata: OnnxProperty[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    switch (cursor.number) {
      case 1:
        nodes.push(await reader.nested(readNode));
        break;
      case 2:
        seen = reader.once(seen);
        name = await reader.text();
        break;
      case 5:
        initializers.push(await reader.nested(readTensor));
        break;
      case 10:
        seen = reader.once(seen);
        docString = await reader.text();
        break;
      case 11:
        inputs.push(await reader.nested(readValue));
        break;
      case 12:
        outputs.push(await reader.nested(readValue));
        break;
      case 13:
        values.push(await reader.nested(readValue));
        break;
      case 14:
        quantization.push(await reader.nested(readQuantization));
        break;
      case 15:
        sparseInitializers.push(await reader.nested(readSparseTensor));
        break;
      case 16:
        metadata.push(await reader.nested(readProperty));
        break;
      default:
        reader.skip('GraphProto');
    }
  }
  return {
    name,
    docString,
    nodes,
    initializers,
    sparseInitializers,
    inputs,
    outputs,
    values,
    quantization,
    metadata,
  };
}

async function readQuantization(reader: MessageReader, end: number): Promise<OnnxQuantization> {
  const { cursor } = reader;
  let seen = 0;
  let tensor = '';
  const parameters: OnnxProperty[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) {
      seen = reader.once(seen);
      tensor = await reader.text();
    } else if (cursor.number === 2) parameters.push(await reader.nested(readProperty));
    else reader.skip('TensorAnnotation');
  }
  return { tensor, parameters };
}
