import type { ByteSource } from '../../core/bytes/index.ts';
import type { InertPickle } from '../../formats/pickle/inert/index.ts';

/** What `torch.save` wrote: the values of its pickle, and the bytes that they refer to. */
export interface Checkpoint {
  readonly pickle: InertPickle;
  /** The bytes of a storage, by the key that the pickle gives it; `undefined` where the file has none. */
  storage(key: string): ByteSource | undefined;
  readonly bigEndian: boolean;
}
