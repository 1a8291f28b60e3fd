/** The bytes that identify a format: the first and the last bytes of a file, never its name. */
export interface Probe {
  /** The first bytes, at most `PROBE_HEAD`. */
  readonly head: Uint8Array;
  /** The last bytes, at most `PROBE_TAIL`; overlaps `head` in a small file. */
  readonly tail: Uint8Array;
  readonly size: number;
}

export const PROBE_HEAD = 4096;
export const PROBE_TAIL = 512;

/** The names of a kind of file, for people and scanners. A reader elsewhere in this folder parses it; it never judges. */
export interface Format {
  /** Kebab-case and stable: it stands in reports. */
  readonly id: string;
  /** For people: "PyTorch checkpoint (zip)". */
  readonly title: string;
  /** Lower case, with the dot. A file of this format with the extension of another format gets a finding. */
  readonly extensions: readonly string[];
  /**
   * Whether the bytes are of this format. Formats are asked in the order of the list in `list.ts`, the strictest first;
   * a container that no byte at the start gives away (zip with a prefix) looks at the tail.
   */
  identify(probe: Probe): boolean;
}

export function startsWith(bytes: Uint8Array, magic: readonly number[] | string, at = 0): boolean {
  if (bytes.length < at + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    const expected = typeof magic === 'string' ? magic.charCodeAt(i) : magic[i];
    if (bytes[at + i] !== expected) return false;
  }
  return true;
}
