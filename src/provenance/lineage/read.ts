import { AssayError, type JsonBounds, parseSignedJson } from '../../core/index.ts';
import { MAX_YAML_BYTES, parseBoundedYaml } from '../../core/yaml/index.ts';
import type { LineageDocument } from './document.ts';
import { isJsonFields } from './json.ts';
import {
  isCroissant,
  isCycloneDx,
  isDvc,
  isMlflowRun,
  isSpdx,
  isStatement,
  isTrainingManifest,
  payloadOf,
  readCard,
  readCroissant,
  readCycloneDx,
  readDvc,
  readMlflowRun,
  readSpdx,
  readTrainingManifest,
  readTrainingStatement,
} from './readers/index.ts';

/** CWE-770: a description of a dataset is smaller. */
export const MANIFEST_BOUNDS: JsonBounds = { maxBytes: 16 * 1024 * 1024, maxDepth: 64, maxTokens: 2_000_000 };

const HINT =
  'give Croissant, DVC, CycloneDX, SPDX 3, MLflow, an in-toto statement, a model card, or a training manifest (docs/provenance.md)';

/**
 * Reads what a document says of models, data and where they came from. Its format is told by its content.
 * @param name for messages
 * @throws AssayError `unsupported` for a document of another kind or version; `malformed`, also for one that names a property twice, since
 *   programs differ on which of the two counts; `limit`
 */
export async function readLineageDocument(bytes: Uint8Array, name: string): Promise<LineageDocument> {
  const first = firstCharacter(bytes);
  if (first === '{') return fromJson(bytes, name);
  if (isCard(bytes)) return readCard(bytes, name);
  const document = await parseBoundedYaml(bytes, name);
  if (isJsonFields(document) && isDvc(document)) return readDvc(document, name);
  if (isJsonFields(document) && isTrainingManifest(document)) return readTrainingManifest(document, name);
  throw unknown(name);
}

function fromJson(bytes: Uint8Array, name: string): LineageDocument {
  const document = parseSignedJson(bytes, name, MANIFEST_BOUNDS);
  if (!isJsonFields(document)) throw unknown(name);
  const payload = payloadOf(document);
  if (payload !== undefined) {
    const statement = parseSignedJson(payload, name, MANIFEST_BOUNDS);
    if (!isJsonFields(statement) || !isStatement(statement)) throw unknown(name);
    return readTrainingStatement(statement, name, true);
  }
  if (isStatement(document)) return readTrainingStatement(document, name, false);
  if (isCycloneDx(document)) return readCycloneDx(document, name);
  if (isSpdx(document)) return readSpdx(document, name);
  if (isCroissant(document)) return readCroissant(document, name);
  if (isMlflowRun(document)) return readMlflowRun(document, name);
  throw unknown(name);
}

/** After the byte order mark and blanks; `''` when there is none. */
function firstCharacter(bytes: Uint8Array): string {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (at < bytes.length && [0x20, 0x09, 0x0a, 0x0d].includes(bytes[at] ?? 0)) at++;
  return String.fromCharCode(bytes[at] ?? 0);
}

/** Front matter between two lines of three dashes. */
function isCard(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_YAML_BYTES * 2)).toString(
    'latin1',
  );
  return /^\s*---[ \t]*\r?\n/.test(head) && /\n---[ \t]*(?:\r?\n|$)/.test(head.slice(head.indexOf('---') + 3));
}

function unknown(name: string): AssayError {
  return new AssayError('unsupported', 'is not a document about training data that is known', {
    subject: name,
    hint: HINT,
  });
}
