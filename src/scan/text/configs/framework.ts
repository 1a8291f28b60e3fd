import type { ConfigMapping, ConfigNode } from './tree.ts';

/** What a node makes a loader do. */
export interface ConfigCall {
  readonly path: string;
  /** The loader builds or calls it now, calls a function for its effect, or keeps the name with its arguments as a value. */
  readonly makes: 'object' | 'call' | 'value';
  readonly positional: readonly ConfigNode[];
  readonly named: ReadonlyMap<string, ConfigNode>;
  /** Entries beside it that are settings. */
  readonly beside: ReadonlyMap<string, ConfigNode>;
}

/** `refused`: an instruction that is not understood. */
export type ConfigReading = ConfigCall | 'refused' | undefined;

/** A loader of configurations that builds what they name. */
export interface Framework {
  readonly id: string;
  /** An instruction of this loader, with the paths, as it is written. */
  read(node: ConfigNode): ConfigReading;
  /** What a scalar stands for: itself, or what it refers to in the document; nothing where the loader computes it. */
  resolve(node: ConfigNode, root: ConfigMapping): ConfigNode | undefined;
  /** Whether a scalar outside of instructions is data to the loader. */
  isData(key: string, text: string): boolean;
  /** Why a document as a whole says more than its instructions. */
  objection(root: ConfigMapping, text: string): string | undefined;
}

export const NO_ENTRIES: ReadonlyMap<string, ConfigNode> = new Map();
const PATH = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/;

/** The text of a plain scalar, when it is a dotted path. */
export function pathOf(node: ConfigNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.tag === '' && PATH.test(node.text) ? node.text : undefined;
}

/** The entries without some. */
export function without(entries: ReadonlyMap<string, ConfigNode>, keys: readonly string[]): Map<string, ConfigNode> {
  return new Map([...entries].filter(([key]) => !keys.includes(key)));
}

/** A value by its keys from the root. */
export function nodeAt(root: ConfigNode, keys: readonly string[]): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const key of keys) {
    if (node?.kind === 'mapping') node = node.entries.get(key);
    else if (node?.kind === 'list') node = /^\d{1,6}$/.test(key) ? node.items[Number(key)] : undefined;
    else return undefined;
  }
  return node;
}

const INTERPOLATION = /^\$\{([\w-]+(?:\.[\w-]+)*)\}$/;

/** A value of OmegaConf: `${a.b}` alone stands for another value; within other text, or with a resolver, it is computed. */
export function omegaconfValue(node: ConfigNode, root: ConfigMapping): ConfigNode | undefined {
  if (node.kind !== 'scalar' || !node.text.includes('${')) return node;
  const path = INTERPOLATION.exec(node.text)?.[1];
  return path === undefined ? undefined : nodeAt(root, path.split('.'));
}
