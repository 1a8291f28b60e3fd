import { AssayError } from '../../../src/core/index.ts';

const NEWLINE = 0x0a;

/** Lines of a stream of bytes, without their ends. @throws AssayError `limit` for a line that is longer */
export async function* watchedLines(stream: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const piece of stream) {
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      checkLength(length + end - from, maxBytes);
      const line = Buffer.concat([...parts, piece.subarray(from, end)]);
      parts = [];
      length = 0;
      from = end + 1;
      if (line.length > 0) yield line;
    }
    length += piece.length - from;
    checkLength(length, maxBytes);
    if (from < piece.length) parts.push(piece.subarray(from));
  }
}

function checkLength(length: number, maxBytes: number): void {
  if (length > maxBytes) throw new AssayError('limit', `an event has more than ${maxBytes} bytes`);
}
