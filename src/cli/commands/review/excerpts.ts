import type { Finding } from '../../../core/assessment/index.ts';
import type { ByteSource } from '../../../core/bytes/index.ts';
import { DEFAULT_LIMITS, isAssayError } from '../../../core/index.ts';
import { inspectPickle } from '../../../formats/pickle/inspect/index.ts';
import type { OnTarget } from '../../../pipeline/index.ts';
import type { Excerpt } from '../../../report/index.ts';
import { OpcodeWindows } from './opcode-windows.ts';

/** Bytes of a hex dump, and how many of them stand before the place of the finding. */
const BYTES = 64;
const BYTES_BEFORE = 24;
/** Hex dumps start at a multiple of this. */
const ALIGN = 8;
/** Findings that get an excerpt; more than a report shows in full. */
const MAX_EXCERPTS = 2_000;
/** Instructions of one pickle that are listed to find those around its findings. */
const MAX_INSTRUCTIONS = 1_000_000;

/** Findings about what nobody else may read: it is not quoted. */
const SECRETS = /^(?:secret|exfiltration)\./;

/** Quotes the content at the places of findings, while a scan has it open. */
export class Excerpts {
  /** By fingerprint. */
  readonly taken = new Map<string, Excerpt>();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Never fails a scan: an excerpt that cannot be made states why. */
  readonly onTarget: OnTarget = async ({ source, format }, _format, _storedAt, findings) => {
    const placed = findings.flatMap(({ fingerprint, offset, ruleId }) =>
      offset === undefined || SECRETS.test(ruleId) ? [] : [{ fingerprint, offset }],
    );
    if (placed.length === 0 || this.taken.size >= MAX_EXCERPTS) return;
    try {
      const listed = format.id === 'pickle' ? await this.#opcodes(source, placed) : new Map<number, Excerpt>();
      for (const { fingerprint, offset } of placed) {
        this.taken.set(fingerprint, listed.get(offset) ?? (await hexAround(source, offset)));
      }
    } catch (error) {
      if (!isAssayError(error) || error.code === 'aborted' || error.code === 'internal') throw error;
      for (const { fingerprint } of placed) this.taken.set(fingerprint, { kind: 'none', why: error.message });
    }
  };

  /** The instructions around each offset that the listing reaches. */
  async #opcodes(source: ByteSource, placed: readonly Placed[]): Promise<ReadonlyMap<number, Excerpt>> {
    const enough = new AbortController();
    const windows = new OpcodeWindows(
      placed.map(({ offset }) => offset),
      MAX_INSTRUCTIONS,
      () => enough.abort(),
    );
    try {
      await inspectPickle(source, {
        limits: DEFAULT_LIMITS,
        signal: AbortSignal.any([this.#signal, enough.signal]),
        maxInstructions: MAX_INSTRUCTIONS,
        onLine: windows.line,
      });
    } catch (error) {
      // A pickle that breaks off, or whose rest is of no interest, is quoted as far as it was read.
      if (!isAssayError(error) || this.#signal.aborted || error.code === 'internal') throw error;
    }
    return windows.excerpts();
  }
}

type Placed = Required<Pick<Finding, 'fingerprint' | 'offset'>>;

async function hexAround(source: ByteSource, at: number): Promise<Excerpt> {
  const wanted = Math.min(at - BYTES_BEFORE, source.size - BYTES + ALIGN - 1);
  const start = Math.max(0, wanted - (wanted % ALIGN));
  const length = Math.min(BYTES, source.size - start);
  if (length <= 0) return { kind: 'none', why: 'there are no bytes' };
  // The view may be of a buffer that holds much more.
  const bytes = Uint8Array.from(await source.read(start, length));
  return { kind: 'hex', start, bytes, at };
}
