export { looksLikeMsgpack } from './identify.ts';
export { type MsgpackRange, type MsgpackValue, readMsgpack } from './read.ts';
