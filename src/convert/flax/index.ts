export { FLAX_MSGPACK } from './formats.ts';
