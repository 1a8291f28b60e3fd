import type { ByteSource } from '../../../core/bytes/index.ts';
import { DEFAULT_LIMITS, type FileBudget } from '../../../core/index.ts';
import { ProtoCursor, ProtoMessageReader } from '../../protobuf/index.ts';
import type { CheckpointObject, ObjectChild, SavedObject, SavedObjectKind, SavedObjects } from '../objects.ts';
import { readEntry } from './graph.ts';

/** A SavedObjectGraph. */
export async function readObjectGraph(reader: ProtoMessageReader, end: number): Promise<SavedObjects> {
  const { cursor } = reader;
  const nodes: SavedObject[] = [];
  const bound = new Map<string, readonly number[]>();
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) nodes.push(await reader.nested(readSavedObject));
    else if (cursor.number === 2) {
      const [name, inputs] = await reader.nested((inner, stop) => readEntry(inner, stop, readBound));
      if (bound.has(name)) throw cursor.bad(`a function ${JSON.stringify(name.slice(0, 80))} is bound twice`);
      bound.set(name, inputs ?? []);
    } else reader.skip('SavedObjectGraph');
  }
  return { nodes, bound };
}

/** The objects of a checkpoint. @throws AssayError `malformed`, `truncated`, `limit` */
export async function readCheckpointObjects(
  source: ByteSource,
  budget: FileBudget,
): Promise<readonly CheckpointObject[]> {
  const reader = new ProtoMessageReader(new ProtoCursor(source, budget), DEFAULT_LIMITS);
  const { cursor } = reader;
  const nodes: CheckpointObject[] = [];
  while (cursor.next(source.size) || (await cursor.more(source.size))) {
    if (cursor.number === 1) nodes.push(await reader.nested(readCheckpointObject));
    else reader.skip('TrackableObjectGraph');
  }
  return nodes;
}

const KINDS: ReadonlyMap<number, 'variable' | 'resource' | 'other'> = new Map([
  [4, 'other'],
  [5, 'other'],
  [6, 'other'],
  [7, 'variable'],
  [10, 'resource'],
  [12, 'other'],
]);

async function readSavedObject(reader: ProtoMessageReader, end: number): Promise<SavedObject> {
  const { cursor } = reader;
  const children: ObjectChild[] = [];
  const slots: number[] = [];
  let kind: SavedObjectKind = { is: 'other' };
  let [restoresItself, kinds] = [false, 0];
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    const plain = KINDS.get(number);
    if (plain !== undefined || number === 8 || number === 9) {
      if (++kinds > 1) throw cursor.bad('an object has two kinds');
    }
    if (plain !== undefined) kind = { is: plain };
    else if (number === 1) children.push(await reader.nested(readChild));
    else if (number === 3) slots.push(await reader.nested(readSlot));
    else if (number === 8) kind = { is: 'function', name: await reader.nested(readFirstText) };
    else if (number === 9) kind = { is: 'constant', operation: await reader.nested(readFirstText) };
    else if (number === 11 || number === 16) restoresItself = true;
    else if (number !== 15) reader.skip('SavedObject');
  }
  return { kind, children, slots, restoresItself };
}

async function readCheckpointObject(reader: ProtoMessageReader, end: number): Promise<CheckpointObject> {
  const { cursor } = reader;
  const children: ObjectChild[] = [];
  const keys: (readonly [string, string])[] = [];
  let restoresItself = false;
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number === 1) children.push(await reader.nested(readChild));
    else if (number === 2) keys.push(await reader.nested(readKey));
    else if (number === 4) restoresItself = true;
    else if (number !== 3 && number !== 5) reader.skip('TrackableObject');
  }
  return { children, keys, restoresItself };
}

/** An ObjectReference. */
async function readChild(reader: ProtoMessageReader, end: number): Promise<ObjectChild> {
  const { cursor } = reader;
  let [name, node, seen] = ['', 0, 0];
  while (cursor.next(end) || (await cursor.more(end))) {
    seen = reader.once(seen);
    if (cursor.number === 1) node = cursor.count();
    else if (cursor.number === 2) name = await reader.text();
    else reader.skip('ObjectReference');
  }
  return { name, node };
}

/** A SlotVariableReference: the variable that it is. */
async function readSlot(reader: ProtoMessageReader, end: number): Promise<number> {
  const { cursor } = reader;
  let node = 0;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 3) node = cursor.count();
    else if (cursor.number > 3) reader.skip('SlotVariableReference');
  }
  return node;
}

/** A SerializedTensor. */
async function readKey(reader: ProtoMessageReader, end: number): Promise<readonly [name: string, key: string]> {
  const { cursor } = reader;
  let [name, key, seen] = ['', '', 0];
  while (cursor.next(end) || (await cursor.more(end))) {
    seen = reader.once(seen);
    if (cursor.number === 1) name = await reader.text();
    else if (cursor.number === 3) key = await reader.text();
    else if (cursor.number !== 2) reader.skip('SerializedTensor');
  }
  return [name, key];
}

/** The name of a SavedBareConcreteFunction, or the operation of a SavedConstant. */
async function readFirstText(reader: ProtoMessageReader, end: number): Promise<string> {
  const { cursor } = reader;
  let [text, seen] = ['', 0];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number !== 1) continue;
    seen = reader.once(seen);
    text = await reader.text();
  }
  return text;
}

/** The bound inputs of a SavedConcreteFunction. */
async function readBound(reader: ProtoMessageReader, end: number): Promise<readonly number[]> {
  const { cursor } = reader;
  const inputs: number[] = [];
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number !== 2) continue;
    await reader.integers((value) => {
      inputs.push(value.integer() ?? -1);
      cursor.budget.hold(8);
    });
  }
  return inputs;
}
