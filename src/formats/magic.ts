import { type Format, type Probe, startsWith } from './format.ts';

/** Bytes that must stand at an offset. */
export type Magic = readonly [at: number, bytes: readonly number[] | string];

/** A format told by fixed bytes: all of one of the `signs`, and `also` where that is not enough. */
export function magicFormat(
  id: string,
  title: string,
  extensions: readonly string[],
  signs: readonly (readonly Magic[])[],
  also: (probe: Probe) => boolean = () => true,
): Format {
  return {
    id,
    title,
    extensions,
    identify: (probe) =>
      signs.some((sign) => sign.every(([at, bytes]) => startsWith(probe.head, bytes, at))) && also(probe),
  };
}

export function u32le(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0
  );
}

export function u32be(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}
