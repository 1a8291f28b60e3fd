import type { ByteSource } from '../../../core/bytes/index.ts';
import type { FileBudget } from '../../../core/index.ts';
import { ProtoCursor } from '../../protobuf/index.ts';
import { type EncodingFault, MessageDecoder } from './decode.ts';
import type { FieldBytes, ProtoMessage } from './message.ts';

/** What a file of TensorFlow is as a whole. */
export type TfRoot = 'SavedModel' | 'MetaGraphDef' | 'GraphDef' | 'FingerprintDef' | 'TrackableObjectGraph';

/** Messages that are told part by part, since a graph has no bound. */
const IN_PARTS: ReadonlySet<string> = new Set([
  'SavedModel',
  'MetaGraphDef',
  'GraphDef',
  'FunctionDefLibrary',
  'FunctionDef',
  'SavedObjectGraph',
  'FingerprintDef',
  'TrackableObjectGraph',
]);

/** Is told what a file holds, in the order of its bytes. */
export interface TfVisitor {
  /** A message that is told in parts begins and ends; those within are between. */
  enter(name: string): void;
  leave(name: string): void;
  /** A part: the message that holds it, and its field there. It is valid until this returns; what is kept of it is charged by the visitor. */
  part(holder: string, field: number, part: ProtoMessage): void | Promise<void>;
  fault(fault: EncodingFault): void;
}

export interface WalkedGraph {
  /** Where the raw elements of constants lie, in order. */
  readonly raw: readonly FieldBytes[];
  /** Fields of the whole that have a length: those that could be messages. */
  readonly parts: ReadonlySet<number>;
}

/**
 * Walks a SavedModel, a graph or another file of TensorFlow; the elements of constants are not read.
 * @throws AssayError `malformed`, `truncated`, `limit`; what reading the source throws
 */
export async function walkTensorflow(
  source: ByteSource,
  root: TfRoot,
  visitor: TfVisitor,
  budget: FileBudget,
): Promise<WalkedGraph> {
  const decoder = new MessageDecoder(new ProtoCursor(source, budget, 0, true), (fault) => visitor.fault(fault));
  const parts = new Set<number>();
  await walkMessage(decoder, root, source.size, visitor, parts);
  return { raw: decoder.raw, parts };
}

async function walkMessage(
  decoder: MessageDecoder,
  name: string,
  end: number,
  visitor: TfVisitor,
  parts?: Set<number>,
): Promise<void> {
  const { cursor } = decoder;
  const seen = new Set<number>();
  visitor.enter(name);
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.group !== 0) {
      await decoder.skipGroup(name, end);
      continue;
    }
    if (cursor.wire === 2) parts?.add(cursor.number);
    const declared = decoder.field(name, seen);
    if (declared === undefined || declared.kind.length === 1) continue;
    const field = cursor.number;
    const stop = decoder.enter();
    if (IN_PARTS.has(declared.kind)) await walkMessage(decoder, declared.kind, stop, visitor);
    else {
      if (!cursor.holds(stop)) await cursor.hold(stop);
      const decoded = decoder.decode(declared.kind, stop);
      const part = decoded instanceof Promise ? await decoded : decoded;
      const told = visitor.part(name, field, part);
      if (told !== undefined) await told;
      decoder.release();
    }
    decoder.leave();
  }
  visitor.leave(name);
}
