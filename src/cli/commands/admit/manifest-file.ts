import { readSmallFile } from '../../../core/bytes/index.ts';
import { AssayError, DOCUMENT_BOUNDS, isAssayError, parseBoundedJson } from '../../../core/index.ts';
import { assertShallowYaml } from '../../../core/yaml/index.ts';

/** Objects of one manifest. */
const MAX_OBJECTS = 100_000;
/** YAML takes up to 14 microseconds for each character (measured); what a cluster lists is JSON, and may be long. */
const MAX_YAML = 1024 * 1024;
const MAX_BYTES = DOCUMENT_BOUNDS.maxBytes;
const MAX_LISTS = 8;
/** Uses of anchors in one document. */
const MAX_ALIASES = 100;

/**
 * Reads the objects of a Kubernetes manifest: documents of YAML or JSON, lists of objects, or the review of a webhook.
 * @throws AssayError `not-found`, `unreadable`, `malformed`, `limit`, `usage` where there is no object
 */
export async function readManifestFile(file: string): Promise<readonly unknown[]> {
  const bytes = file === '-' ? await readInput() : (await readSmallFile(file, '-f', MAX_BYTES)).bytes;
  const documents = await parseDocuments(bytes, `-f ${file}`);
  const objects = documents.flatMap((one) => objectsOf(one, 0));
  if (objects.length > MAX_OBJECTS)
    throw new AssayError('limit', `has more than ${MAX_OBJECTS} objects`, { subject: file });
  if (objects.length > 0) return objects;
  throw new AssayError('usage', 'contains no Kubernetes object', { subject: `-f ${file}`, hint: 'name a manifest' });
}

/** Any kind of input: some programs pass a socket, which cannot be opened by name. */
async function readInput(): Promise<Buffer> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of process.stdin) {
    total += part.length;
    if (total > MAX_BYTES) throw new AssayError('limit', `has more than ${MAX_BYTES} bytes`, { subject: '-f -' });
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts);
}

async function parseDocuments(bytes: Buffer, subject: string): Promise<readonly unknown[]> {
  if (/^\s*\{/.test(bytes.toString('latin1', 0, 64))) {
    try {
      return [parseBoundedJson(bytes, subject)];
    } catch (error) {
      // YAML may begin like that, too.
      if (!isAssayError(error) || error.code !== 'malformed' || bytes.length > MAX_YAML) throw error;
    }
  }
  if (bytes.length <= MAX_YAML) return parseYaml(bytes.toString('utf8'), subject);
  const hint = 'split it, or write it as JSON';
  throw new AssayError('limit', `is YAML of more than ${MAX_YAML} bytes`, { subject, hint });
}

async function parseYaml(text: string, subject: string): Promise<readonly unknown[]> {
  const { parseAllDocuments } = await import('yaml');
  try {
    assertShallowYaml(text, subject);
    const documents = parseAllDocuments(text, { logLevel: 'silent' });
    return [...documents].map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS({ maxAliasCount: MAX_ALIASES });
    });
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    if (/call stack|nested too deep/.test(why)) throw new AssayError('limit', 'is nested too deep', { subject, cause });
    throw new AssayError('malformed', `is not YAML or JSON: ${why.replace(/:$/, '')}`, {
      subject,
      hint: 'render templates first',
      cause,
    });
  }
}

function objectsOf(value: unknown, depth: number): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new AssayError('malformed', 'a document is not a Kubernetes object', { hint: 'name a manifest' });
  }
  const { kind, items, request } = value as { kind?: unknown; items?: unknown; request?: unknown };
  if (typeof kind !== 'string') {
    throw new AssayError('malformed', 'a document has no kind', { hint: 'name a manifest' });
  }
  if (kind.endsWith('List') && Array.isArray(items) && depth < MAX_LISTS) {
    return items.flatMap((item) => objectsOf(item, depth + 1));
  }
  if (kind === 'AdmissionReview' && typeof request === 'object' && request !== null && 'object' in request) {
    return objectsOf(request.object, MAX_LISTS);
  }
  return [value];
}
