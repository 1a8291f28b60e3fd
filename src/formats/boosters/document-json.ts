import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { type JsonEvents, JsonWalker } from '../json/index.ts';
import type { DocumentEvents } from './shape.ts';

const MAX_TEXT = 16 * 1024 * 1024;
const MAX_DEPTH = 64;

/**
 * Walks over one JSON document, which must fill the source. A duplicate key in one object is an error.
 * @throws AssayError `malformed`, `truncated`, `limit`
 */
export async function walkJson(
  source: ByteSource,
  events: Partial<DocumentEvents>,
  budget: FileBudget,
  maxDepth = MAX_DEPTH,
): Promise<void> {
  const told: JsonEvents = {
    open: (kind, _depth, at) => events.open?.(kind, at),
    close: () => events.close?.(),
    key: (name, _depth, at) => events.key?.(name, at),
    duplicate: (name, _depth, at) => {
      throw new AssayError('malformed', `an object has the key ${JSON.stringify(name.slice(0, 80))} twice`, {
        offset: at,
      });
    },
    scalar: (kind, token, _depth, at) => {
      if (kind === 'string') events.text?.(token.text, at);
      else if (kind === 'number') events.number?.(Number(token.text), at);
      else events.literal?.(token.text === 'null' ? null : token.text === 'true', at);
    },
  };
  const walker = new JsonWalker(told, { pythonNumbers: true, maxStringBytes: MAX_TEXT, maxDepth });
  for await (const bytes of chunks(source)) {
    budget.work(bytes.length);
    walker.feed(bytes);
  }
  walker.end();
}
