import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';

/** A line without its end. Each character is a byte. */
export interface Line {
  readonly text: string;
  readonly at: number;
}

const MAX_LINE = 64 * 1024 * 1024;

/**
 * The lines of a source, each ended by a line feed.
 * @throws AssayError `malformed`: a control character, which ends a text early for some readers; `truncated`: the last line does
 *   not end; `limit`
 */
export async function* modelLines(source: ByteSource, budget: FileBudget): AsyncGenerator<Line> {
  let carry = '';
  let at = 0;
  let end = 0;
  for await (const bytes of chunks(source)) {
    budget.work(bytes.length);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    end += bytes.length;
    let from = 0;
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', from)) {
      const line = carry + text.slice(from, i);
      budget.release(carry.length);
      carry = '';
      check(line, at);
      yield { text: line, at };
      at += line.length + 1;
      from = i + 1;
    }
    if (carry.length + text.length - from > MAX_LINE)
      throw new AssayError('limit', `a line longer than ${MAX_LINE} bytes`, { offset: at });
    budget.hold(text.length - from);
    carry += text.slice(from);
  }
  budget.release(carry.length);
  if (carry !== '') throw new AssayError('truncated', 'the last line has no line feed', { offset: end });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROLS = /[\x00-\x08\x0b-\x1f]/;

function check(line: string, at: number): void {
  const control = line.search(CONTROLS);
  if (control >= 0) throw new AssayError('malformed', 'a control character in a line', { offset: at + control });
}
