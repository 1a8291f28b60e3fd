import type { ProtoMessageReader } from '../../protobuf/index.ts';
import type { TfAttribute, TfFunction, TfGraph, TfNode } from '../model.ts';
import { readAttrValue } from './attribute.ts';

/** A GraphDef. */
export async function readGraphMessage(reader: ProtoMessageReader, end: number): Promise<TfGraph> {
  const { cursor } = reader;
  const nodes: TfNode[] = [];
  const functions: TfFunction[] = [];
  let [producer, minConsumer] = [0, 0];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) nodes.push(await reader.nested(readNode));
    else if (cursor.number === 2) functions.push(...(await reader.nested(readLibrary)));
    else if (cursor.number === 4) [producer, minConsumer] = await reader.nested(readVersions);
    else reader.skip('GraphDef');
  }
  return { nodes, functions, producer, minConsumer };
}

async function readVersions(reader: ProtoMessageReader, end: number): Promise<[number, number]> {
  const { cursor } = reader;
  let [producer, minConsumer] = [0, 0];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) producer = cursor.integer();
    else if (cursor.number === 2) minConsumer = cursor.integer();
    else reader.skip('VersionDef');
  }
  return [producer, minConsumer];
}

async function readNode(reader: ProtoMessageReader, end: number): Promise<TfNode> {
  const { cursor } = reader;
  let [name, op, device] = ['', '', ''];
  const inputs: string[] = [];
  const attributes = new Map<string, TfAttribute>();
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number === 1) name = await reader.text();
    else if (number === 2) op = await reader.text();
    else if (number === 3) inputs.push(await reader.text());
    else if (number === 4) device = await reader.text();
    else if (number === 5) {
      const [key, value] = await reader.nested((inner, stop) => readEntry(inner, stop, readAttrValue));
      if (attributes.has(key)) throw cursor.bad(`the node ${JSON.stringify(name.slice(0, 80))} has an attribute twice`);
      if (value !== undefined) attributes.set(key, value);
    } else if (number !== 6 && number !== 7) reader.skip('NodeDef');
  }
  return { name, op, inputs, device, attributes };
}

/** An entry of a map: a key, and a message. */
export async function readEntry<T>(
  reader: ProtoMessageReader,
  end: number,
  read: (reader: ProtoMessageReader, end: number) => Promise<T>,
): Promise<readonly [key: string, value: T | undefined]> {
  const { cursor } = reader;
  let key = '';
  let value: T | undefined;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) key = await reader.text();
    else if (cursor.number === 2) value = await reader.nested(read);
    else reader.skip('an entry of a map');
  }
  return [key, value];
}

async function readLibrary(reader: ProtoMessageReader, end: number): Promise<TfFunction[]> {
  const { cursor } = reader;
  const functions: TfFunction[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) functions.push(await reader.nested(readFunction));
    else if (cursor.number !== 2) reader.skip('FunctionDefLibrary');
  }
  return functions;
}

async function readFunction(reader: ProtoMessageReader, end: number): Promise<TfFunction> {
  const { cursor } = reader;
  let signature: Pick<TfFunction, 'name' | 'inputs' | 'outputs'> = { name: '', inputs: [], outputs: [] };
  const nodes: TfNode[] = [];
  const returns = new Map<string, string>();
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) signature = await reader.nested(readSignature);
    else if (cursor.number === 3) nodes.push(await reader.nested(readNode));
    else if (cursor.number === 4) {
      const [key, value] = await reader.nested(readTextEntry);
      returns.set(key, value);
    } else if (cursor.number < 5 || cursor.number > 8) reader.skip('FunctionDef');
  }
  return { ...signature, nodes, returns };
}

async function readTextEntry(reader: ProtoMessageReader, end: number): Promise<readonly [string, string]> {
  const { cursor } = reader;
  let [key, value] = ['', ''];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) key = await reader.text();
    else if (cursor.number === 2) value = await reader.text();
    else reader.skip('an entry of a map');
  }
  return [key, value];
}

/** The OpDef of a function: its name, and the names of what it takes and gives. */
async function readSignature(
  reader: ProtoMessageReader,
  end: number,
): Promise<Pick<TfFunction, 'name' | 'inputs' | 'outputs'>> {
  const { cursor } = reader;
  let name = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) name = await reader.text();
    else if (cursor.number === 2) inputs.push(await reader.nested(readArgument));
    else if (cursor.number === 3) outputs.push(await reader.nested(readArgument));
    else reader.skip('OpDef');
  }
  return { name, inputs, outputs };
}

async function readArgument(reader: ProtoMessageReader, end: number): Promise<string> {
  const { cursor } = reader;
  let name = '';
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) name = await reader.text();
    else reader.skip('OpDef.ArgDef');
  }
  return name;
}
