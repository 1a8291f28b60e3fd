import { AssayError } from '../../../src/core/index.ts';

/** CWE-770: no line of an event is as long. */
const MAX_LINE = 16 * 1024;

/**
 * Names of the events of a stream (Server-Sent Events, WHATWG HTML 9.2), each when it is complete.
 * @param silence aborted when nothing came for so long
 * @throws AssayError `limit`; what reading throws
 */
export async function* eventsIn(
  chunks: AsyncIterable<Uint8Array>,
  silence: AbortController,
  silenceMs: number,
): AsyncGenerator<string> {
  const timer = setTimeout(() => silence.abort(new Error('silence')), silenceMs);
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  try {
    for await (const chunk of chunks) {
      timer.refresh();
      const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split(/\r\n|\n|\r/);
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw new AssayError('limit', `an event has a line of more than ${MAX_LINE} bytes`);
      for (const line of lines) {
        if (line.startsWith('event:')) event = line.slice('event:'.length).trim();
        if (line !== '') continue;
        if (event !== '') yield event;
        event = '';
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
