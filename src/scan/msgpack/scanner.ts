import { MSGPACK } from '../../formats/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { MSGPACK_RULES } from './rules.ts';

/** Judges MessagePack, in which Flax keeps parameters. */
export const msgpackScanner: Scanner = {
  id: 'msgpack',
  formats: [MSGPACK.id],
  rules: Object.values(MSGPACK_RULES),
  async scanFile(target, context) {
    const { judgeMsgpack } = await import('./judge.ts');
    await judgeMsgpack(target, context);
  },
};
