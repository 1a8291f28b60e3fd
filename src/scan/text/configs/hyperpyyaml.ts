import { type ConfigCall, type ConfigReading, type Framework, NO_ENTRIES, nodeAt } from './framework.ts';
import type { ConfigMapping, ConfigNode } from './tree.ts';

const MAKES: Readonly<Record<string, ConfigCall['makes']>> = { new: 'object', apply: 'call', name: 'value' };
/** A text in brackets is read as YAML once more, by a loader that runs tags. */
const TUPLE = /^\([\w\s.,+-]*\)$/;
const REFERENCE = /<([^<>]{1,200})>/g;
/** What a reference may be joined with: no quotes and brackets, of which other tags could be put together. */
const JOINED = /^[\w\s.,/:+*%-]*$/;
const ARITHMETIC = /^[\d\s.+*/%eE-]+$/;
const MAX_JOINED = 2_000;
const MAX_REFERENCES = 200;

/** SpeechBrain's settings (hyperpyyaml/core.py). */
export const HYPERPYYAML: Framework = {
  id: 'HyperPyYAML',
  read(node): ConfigReading {
    const found = /^!(new|name|apply):(.+)$/.exec(node.tag);
    const makes = MAKES[found?.[1] ?? ''];
    const path = found?.[2];
    if (makes === undefined || path === undefined) return undefined;
    const positional = node.kind === 'list' ? node.items : [];
    return { path, makes, positional, named: node.kind === 'mapping' ? node.entries : NO_ENTRIES, beside: NO_ENTRIES };
  },
  resolve(node, root) {
    if (node.tag === '!PLACEHOLDER') return { kind: 'scalar', tag: '', text: '' };
    if (node.tag === '!tuple')
      return node.kind === 'scalar' && TUPLE.test(node.text) ? { ...node, tag: '' } : undefined;
    if (node.tag !== '!ref' && node.tag !== '!copy') return node;
    return node.kind === 'scalar' ? referred(node.text, root) : undefined;
  },
  isData: (_, text) => !text.startsWith('(') || TUPLE.test(text),
  objection: () => undefined,
};

/** `<a[b]>` alone is that value; within other text, its text is joined to it, and a sum is computed. */
function referred(text: string, root: ConfigMapping): ConfigNode | undefined {
  const alone = /^<([^<>]{1,200})>$/.exec(text)?.[1];
  if (alone !== undefined) return deref(alone, root);
  const joined = joinedText(text, root, { left: MAX_REFERENCES });
  if (joined === undefined || joined.includes('**') || !JOINED.test(joined)) return undefined;
  // A sum of numbers is a number, whichever.
  return { kind: 'scalar', tag: '', text: ARITHMETIC.test(joined) && /\d/.test(joined) ? '0' : joined };
}

/** A dot reads an attribute of what was built. */
function deref(reference: string, root: ConfigMapping): ConfigNode | undefined {
  if (reference.includes('.')) return undefined;
  const keys = reference.split('[').map((part) => part.replace(/\]+$/, ''));
  return nodeAt(root, keys);
}

/** The text with that of the scalars that it refers to, and of those that these refer to. */
function joinedText(text: string, root: ConfigMapping, budget: { left: number }): string | undefined {
  let joined = '';
  let at = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const node = --budget.left < 0 ? undefined : deref(match[1] ?? '', root);
    if (node?.kind !== 'scalar' || (node.tag !== '' && node.tag !== '!ref')) return undefined;
    const value = node.tag === '' ? node.text : joinedText(node.text, root, budget);
    if (value === undefined || joined.length + value.length > MAX_JOINED) return undefined;
    joined += text.slice(at, match.index) + value;
    at = match.index + match[0].length;
  }
  return joined.length + text.length > 2 * MAX_JOINED ? undefined : joined + text.slice(at);
}
