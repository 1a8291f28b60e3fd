import { looksLikeMsgpack } from '../../formats/msgpack/index.ts';
import type { TensorFormat } from '../tensors/index.ts';
import { flaxTensors } from './tree.ts';

/** What `flax.serialization` writes. */
export const FLAX_MSGPACK: TensorFormat = {
  id: 'flax',
  title: 'Flax checkpoint (MessagePack)',
  framework: 'flax',
  matches: ({ source }, head) => looksLikeMsgpack({ head, tail: head, size: source.size }),
  read: flaxTensors,
};
