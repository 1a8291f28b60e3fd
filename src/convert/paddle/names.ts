import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, parseBoundedJson } from '../../core/index.ts';
import { streamFields } from '../../formats/protobuf/index.ts';
import type { TensorReadOptions } from '../tensors/index.ts';

/** Fields of framework.proto. */
const BLOCKS = 1;
const VARS = 3;
const NAME = 1;
const TYPE = 2;
const PERSISTABLE = 3;
/** Variables without elements: FEED_MINIBATCH, FETCH_LIST, READER, RAW. */
const NOT_SAVED: ReadonlySet<number> = new Set([9, 10, 15, 17]);
const MAX_NAME = 4_096;
const MAX_VARS = 1_000_000;

/**
 * The names of the parameters of a `.pdmodel` program, in the order in which Paddle saves them.
 * @throws AssayError `malformed`, `limit`
 */
export async function programNames(source: ByteSource, options: TensorReadOptions): Promise<string[]> {
  const names = new Set<string>();
  for await (const block of streamFields(source, 0, source.size)) {
    if (block.number !== BLOCKS || block.wire !== 2) continue;
    for await (const variable of streamFields(source, block.start, block.end)) {
      options.budget.work(1);
      if (variable.number !== VARS || variable.wire !== 2) continue;
      const name = await savedName(source, variable.start, variable.end);
      if (name !== undefined) names.add(name);
      if (names.size > MAX_VARS)
        throw new AssayError('limit', `more than ${MAX_VARS} parameters`, { subject: source.name });
    }
  }
  return inSavedOrder(names);
}

/** The name of a variable that is saved. */
async function savedName(source: ByteSource, start: number, end: number): Promise<string | undefined> {
  let name: string | undefined;
  let saved = false;
  for await (const field of streamFields(source, start, end)) {
    if (field.number === NAME && field.wire === 2) {
      if (field.end - field.start > MAX_NAME)
        throw new AssayError('limit', 'the name of a variable is too long', { subject: source.name });
      name = Buffer.from(await source.read(field.start, field.end - field.start)).toString('utf8');
    } else if (field.number === PERSISTABLE && field.wire === 0) saved = field.value !== 0;
    else if (field.number === TYPE && field.wire === 2) {
      for await (const part of streamFields(source, field.start, field.end))
        if (part.number === TYPE_OF_TYPE && NOT_SAVED.has(part.value)) return undefined;
    }
  }
  return saved ? name : undefined;
}

const TYPE_OF_TYPE = 1;

/**
 * The names of the parameters of a program of Paddle 3 (`.json`), in the order in which Paddle saves them: `p` is the operation
 * of a parameter, whose fourth attribute is its name.
 * @throws AssayError `malformed`, `limit`
 */
export async function pirNames(source: ByteSource): Promise<string[]> {
  const document = parseBoundedJson(await source.read(0, source.size), source.name);
  const names = new Set<string>();
  for (const region of listIn(fieldOf(document, 'program'), 'regions'))
    for (const block of listIn(region, 'blocks'))
      for (const operation of listIn(block, 'ops')) {
        const attributes = listIn(operation, 'A');
        if (fieldOf(operation, '#') !== 'p' || typeof attributes[3] !== 'string') continue;
        names.add(attributes[3]);
      }
  return inSavedOrder(names);
}

/** Python orders text by code points, as UTF-8 does. */
function inSavedOrder(names: ReadonlySet<string>): string[] {
  return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function listIn(value: unknown, name: string): unknown[] {
  const found = fieldOf(value, name);
  return Array.isArray(found) ? found : [];
}
