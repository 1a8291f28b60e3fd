import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from 'yaml';
import { assertShallowYaml } from '../../core/yaml/index.ts';
import { extractReferences, type WorkloadRole } from '../../workload/index.ts';
import { type LineOf, lineIndex } from '../lines.ts';
import type { FoundReference, ReferenceRole } from '../reference.ts';
import { schemeTarget } from '../schemes.ts';
import { findInCommands, findInWords } from './commands.ts';
import { fieldReference } from './fields.ts';

/** YAML takes up to 14 microseconds for each character (measured). */
const MAX_YAML = 1024 * 1024;
/** Lines that only steer a template of Helm. */
const STEERING = /^\s*\{\{-?\s*(?:if|else|end|range|with|define|include|template|block|\/\*|\$)[^\n]*\}\}\s*$/;

/** Finds what YAML names: Kubernetes objects by all that loads models there, other documents by their fields and commands. */
export function findInYaml(text: string): readonly FoundReference[] {
  if (text.length > MAX_YAML) return findInLines(text);
  const plain = text.includes('{{') ? withoutTemplates(text) : text;
  const documents = parsed(plain);
  if (documents === undefined) return findInLines(text);
  const lineOf = lineIndex(plain);
  return documents.flatMap((document) => findInDocument(document, lineOf));
}

/** The text with as many lines, and a variable where Helm would put a value. */
function withoutTemplates(text: string): string {
  return text
    .split('\n')
    .map((line) => (STEERING.test(line) ? '' : line.replace(/\{\{[^}\n]*\}\}/g, '$(HELM)')))
    .join('\n');
}

function parsed(text: string): readonly Document.Parsed[] | undefined {
  try {
    assertShallowYaml(text);
    const documents = [
      ...parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false, prettyErrors: false }),
    ] as Document.Parsed[];
    return documents.every(({ errors }) => errors.length === 0) ? documents : undefined;
  } catch {
    // Nested beyond what is read: lines are still looked at.
    return undefined;
  }
}

function findInDocument(document: Document.Parsed, lineOf: LineOf): FoundReference[] {
  const found = isObject(document) ? ofWorkload(document, lineOf) : [];
  const seen = new Set(found.map(({ line }) => line));
  const maps = new Map<YAMLMap, ReadonlyMap<string, string>>();
  const add = (all: readonly FoundReference[]) => {
    for (const one of all) if (!seen.has(one.line)) found.push(one);
  };
  visit(document, {
    Pair: (_, { key, value }, path) => {
      if (!isScalar(key)) return;
      const name = String(key.value);
      if (isScalar(value) && typeof value.value === 'string') {
        const line = lineOf(value.range?.[0] ?? 0);
        const parent = path.at(-1);
        const sibling = (other: string) => (isMap(parent) ? fieldsOf(parent, maps).get(other) : undefined);
        const reference = fieldReference({ key: name, text: value.value, line, sibling });
        if (reference !== undefined) add([reference]);
        // Steps of a workflow, commands of a service.
        else if (/^(?:run|command|entrypoint|script|cmd)$/.test(name))
          add(findInCommands(value.value, blockLine(value, line)));
      } else if (isSeq(value) && /^(?:command|args|entrypoint|cmd|script)$/.test(name))
        add(findInList(value.items, lineOf));
    },
    Scalar: (key, { value, range }) => {
      if (typeof value !== 'string' || key === 'key') return;
      const target = typeof key === 'number' && !value.startsWith('oci:') ? schemeTarget(value) : undefined;
      const line = lineOf(range?.[0] ?? 0);
      if (target !== undefined)
        add([{ line, role: 'model', target, via: 'address', trustRemoteCode: false, pin: '@{}' }]);
    },
  });
  return found;
}

/** The texts of a map, read once however many of its fields ask. */
function fieldsOf(map: YAMLMap, known: Map<YAMLMap, ReadonlyMap<string, string>>): ReadonlyMap<string, string> {
  const before = known.get(map);
  if (before !== undefined) return before;
  const fields = new Map<string, string>();
  for (const { key, value } of map.items) {
    const [name, text] = [textOf(key), textOf(value)];
    if (name !== undefined && text !== undefined && !fields.has(name)) fields.set(name, text);
  }
  known.set(map, fields);
  return fields;
}

/** Words of one command, each on the line where it stands. */
function findInList(items: readonly unknown[], lineOf: LineOf): FoundReference[] {
  const words = items.map((item) => textOf(item) ?? '');
  const lines = items.map((item) => (isScalar(item) ? lineOf(item.range?.[0] ?? 0) : 0));
  const first = lines[0] ?? 1;
  const script = words.length > 0 && words.every((word) => /\s/.test(word.trim()));
  if (script) return words.flatMap((word, at) => findInCommands(word, lines[at] ?? first));
  return findInWords(words, first).map((one) => ({ ...one, line: lineOfValue(one, words, lines) ?? first }));
}

function lineOfValue(
  { target }: FoundReference,
  words: readonly string[],
  lines: readonly number[],
): number | undefined {
  if (target.kind !== 'named') return undefined;
  const name = target.reference.replace(/^\w+:\/\//, '').replace(/@.*$/, '');
  const at = words.findIndex((word) => word.includes(name));
  return at < 0 ? undefined : lines[at];
}

/** A block scalar begins on the line after its mark. */
function blockLine({ type }: { type?: unknown }, line: number): number {
  return type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED' ? line + 1 : line;
}

function isObject(document: Document.Parsed): boolean {
  const { contents } = document;
  return (
    isMap(contents) &&
    textOf(contents.get('apiVersion', true)) !== undefined &&
    textOf(contents.get('kind', true)) !== undefined
  );
}

const ROLES: Readonly<Partial<Record<WorkloadRole, ReferenceRole>>> = { dataset: 'dataset', code: 'code' };
/** Whether an object concerns models: scripts in other objects are not read. */
const OF_MODELS =
  /model|hugging|\bhf[-_:]|vllm|torch|transformers|triton|kserve|storageUri|weights|checkpoint|safetensors|gguf|onnx/i;

function ofWorkload(document: Document.Parsed, lineOf: LineOf): FoundReference[] {
  const object = objectOf(document);
  if (object === undefined) {
    const target = { kind: 'unresolved', why: 'the object has more aliases than are followed' } as const;
    return [
      { line: lineOf(placeOf(document, '')), role: 'model', target, via: 'kind', trustRemoteCode: false, pin: '' },
    ];
  }
  const { references, unresolved } = extractReferences(object);
  const line = (where: string) => lineOf(placeOf(document, where));
  const named = references
    // An image without a model in it is not what loads one.
    .filter(({ role }) => role !== 'image')
    .map(({ reference, role, revision, pinned, where, via, trustRemoteCode }): FoundReference => {
      const readable = /^(?:hf|https|s3|oci|models):/.test(reference);
      const target = { kind: 'named', reference, revision, pinned, readable } as const;
      return { line: line(where), role: ROLES[role] ?? 'model', target, via, trustRemoteCode, pin: '@{}' };
    });
  if (named.length === 0 && !OF_MODELS.test(JSON.stringify(object))) return named;
  const open = unresolved.map(({ where, why }): FoundReference => {
    const target = { kind: 'unresolved', why } as const;
    return {
      line: line(where),
      role: 'model',
      target,
      via: where.slice(where.lastIndexOf('/') + 1),
      trustRemoteCode: false,
      pin: '',
    };
  });
  return [...named, ...open];
}

/** The object with its aliases followed; `undefined` when they multiply. */
function objectOf(document: Document.Parsed): object | undefined {
  try {
    return Object(document.toJS({ maxAliasCount: 100 }));
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

/** Where a JSON pointer leads in the text. */
function placeOf(document: Document.Parsed, pointer: string): number {
  let node: unknown = document.contents;
  let place = document.contents?.range?.[0] ?? 0;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) node = (node as YAMLMap).get(name, true);
    else if (isSeq(node)) node = node.get(Number(name), true);
    else break;
    const at = (node as Node | undefined)?.range?.[0];
    if (at === undefined) break;
    place = at;
  }
  return place;
}

function textOf(node: unknown): string | undefined {
  return isScalar(node) ? String(node.value) : undefined;
}

/** What cannot be parsed as a whole is read line by line: fields and addresses. */
function findInLines(text: string): FoundReference[] {
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.slice(0, 4_096);
    const [, key, value] = /^[\s-]*["']?([\w.-]{1,80})["']?\s*:\s+["']?([^"'#\s]+)/.exec(line) ?? [];
    if (key === undefined || value === undefined) {
      const words = line.split(/[\s"',[\]]+/).filter((word) => word !== '');
      return findInWords(words, index + 1);
    }
    const reference = fieldReference({ key, text: value, line: index + 1, sibling: () => undefined });
    return reference === undefined ? [] : [reference];
  });
}
