import type { BodyLimits } from './body.ts';

const MIB = 1024 * 1024;

/**
 * What a connection may cost. An API server holds few, keeps them for 90 seconds, and gives an answer 30 seconds at most; reviews
 * of 9 MB were seen, and etcd takes no larger objects.
 */
export interface ConnectionRules extends BodyLimits {
  /** Until TLS stands, and until the headers of a request are whole. */
  readonly handshakeMs: number;
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  /** How often connections are looked at for these. */
  readonly checkMs: number;
  readonly maxConnections: number;
  /** Of one address. */
  readonly maxPerSource: number;
  readonly maxHeaderBytes: number;
  /** Of all bodies that are read at once. */
  readonly roomBytes: number;
  /** Of a body that was refused: read on for so long, so that the answer is not lost in a reset connection. */
  readonly discardBytes: number;
  /** After the order to end: for answers under way. */
  readonly graceMs: number;
}

export const CONNECTION_RULES: ConnectionRules = {
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 120_000,
  checkMs: 2_000,
  maxConnections: 1_000,
  maxPerSource: 250,
  maxHeaderBytes: 16 * 1024,
  maxBytes: 16 * MIB,
  roomBytes: 64 * MIB,
  discardBytes: 64 * MIB,
  bodyMs: 10_000,
  waitMs: 1_000,
  graceMs: 10_000,
};
