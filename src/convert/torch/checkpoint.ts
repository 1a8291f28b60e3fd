import type { ByteSource } from '../../core/bytes/index.ts';
import type { InertPickle } from '../../formats/pickle/inert/index.ts';
import type { Tensor } from '../tensors/index.ts';

/** What `torch.save` wrote: the values of its pickle, and the bytes that they refer to. */
export interface Checkpoint {
  readonly pickle: InertPickle;
  /** The bytes of a storage, by the key that the pickle gives it; `undefined` where the file has none. */
  storage(key: string): ByteSource | undefined;
  readonly bigEndian: boolean;
}

/** A tensor whose name only the pickle tells. */
export type TarTensor = Omit<Tensor, 'name'>;

/** What PyTorch before 0.1.10 wrote: the values of its pickle, and the tensors that persistent ids name. */
export interface TarCheckpoint {
  readonly pickle: InertPickle;
  tensor(key: string): TarTensor | undefined;
}
