import { AssayError } from '../../core/index.ts';
import { assertShallowYaml } from '../../core/yaml/index.ts';
import { type Fact, Facts } from './facts.ts';

/** Bytes of a card that are looked at: the front matter must end within them. */
export const MAX_FRONT_MATTER = 256 * 1024;
/** Bytes of the parts that are parsed: a parse takes up to 14 microseconds and 3 KB for each (measured). */
export const MAX_PARSED = 32 * 1024;

/** Keys of a card that say what `Declared` holds; the rest, often long tables of results, is not parsed at all. */
const KEYS: ReadonlyMap<string, Fact> = new Map([
  ['license', 'licences'],
  ['license_name', 'licenceName'],
  ['base_model', 'baseModels'],
  ['base_model_relation', 'baseRelation'],
  ['datasets', 'datasets'],
  ['library_name', 'library'],
  ['pipeline_tag', 'task'],
  ['language', 'languages'],
  ['tags', 'tags'],
]);

const OPENING = /^\s*---[ \t]*\r?\n/;
const CLOSING = /---[ \t]*(?:\r?\n|$)/y;
const TOP_KEY = /^(["']?)([\w-]{1,100})\1[ \t]*:(?:[ \t]|$)/;
/** What may start a line within the value of a key at the margin. */
const CONTINUES = /^(?:[ \t#\]}-]|$)/;
const CORE_TAG = /^tag:yaml\.org,2002:(?:str|seq|map)$/;

/**
 * Reads the front matter of a model card (https://github.com/huggingface/hub-docs/blob/main/modelcard.md). Nothing is resolved:
 * scalars are text, aliases and tags are refused.
 * @param head the start of the card, `MAX_FRONT_MATTER` bytes or all of it
 * @param name for messages
 * @throws AssayError `malformed`, `limit`.
 */
export async function readModelCard(head: Uint8Array, name: string): Promise<Facts> {
  const facts = new Facts();
  const text = new TextDecoder('utf-8').decode(head.subarray(0, MAX_FRONT_MATTER));
  const opening = OPENING.exec(text)?.[0];
  if (opening === undefined) return facts;
  const blocks = wantedBlocks(frontMatter(text, opening.length, name), name);
  if (blocks.length === 0) return facts;
  if (blocks.length > MAX_PARSED) {
    throw new AssayError('limit', `has more than ${MAX_PARSED} characters in its front matter`, {
      subject: name,
    });
  }
  await parseBlocks(blocks, facts, name);
  return facts;
}

function frontMatter(text: string, start: number, name: string): string {
  for (let at = text.indexOf('\n', start - 1); at >= 0; at = text.indexOf('\n', at + 1)) {
    CLOSING.lastIndex = at + 1;
    if (CLOSING.test(text)) return text.slice(start, at + 1);
  }
  throw malformed(name, `has front matter that does not end within ${MAX_FRONT_MATTER} bytes`);
}

/** The lines of the keys that are wanted, each with its value. */
function wantedBlocks(text: string, name: string): string {
  const kept: string[] = [];
  const seen = new Set<string>();
  let wanted = false;
  for (const line of text.split(/\r?\n/)) {
    const key = TOP_KEY.exec(line)?.[2];
    if (key !== undefined) {
      wanted = KEYS.has(key);
      if (wanted && seen.has(key)) throw malformed(name, `has the key ${key} twice`);
      if (wanted) seen.add(key);
    } else if (!CONTINUES.test(line)) wanted = false;
    if (wanted) kept.push(line);
  }
  return kept.join('\n');
}

async function parseBlocks(text: string, facts: Facts, name: string): Promise<void> {
  const { isAlias, isMap, isScalar, isSeq, parseDocument } = await import('yaml');
  const take = (fact: Fact, node: unknown, within: boolean) => {
    if (isAlias(node)) throw malformed(name, 'has an alias in its front matter');
    if (!isScalar(node) && !isSeq(node)) return;
    if (node.tag !== undefined && !CORE_TAG.test(node.tag)) throw malformed(name, 'has a YAML tag in its front matter');
    if (isScalar(node)) facts.add(fact, String(node.value ?? ''));
    else if (!within) for (const item of node.items) take(fact, item, true);
  };
  try {
    assertShallowYaml(text, name);
    const document = parseDocument(text, {
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    });
    const [first] = document.errors;
    if (first !== undefined) throw first;
    if (!isMap(document.contents)) return;
    for (const { key, value } of document.contents.items) {
      const fact = isScalar(key) ? KEYS.get(String(key.value)) : undefined;
      if (fact !== undefined) take(fact, value, false);
    }
  } catch (error) {
    if (error instanceof AssayError) throw error;
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw malformed(name, `has front matter that is not YAML: ${why}`, error);
  }
}

function malformed(name: string, what: string, cause?: unknown): AssayError {
  return new AssayError('malformed', what, { subject: name, cause });
}
