import type { GlobalPolicy } from '../../lists/index.ts';
import { LoaderKeys } from '../loader-keys.ts';
import { Arguments } from './arguments.ts';
import type { Framework } from './framework.ts';
import { HYDRA } from './hydra.ts';
import { HYPERPYYAML } from './hyperpyyaml.ts';
import { LATENT_DIFFUSION } from './latent.ts';
import { LIGHTNING } from './lightning.ts';
import { readSpacyConfig, SPACY, spacyCalls } from './spacy.ts';
import { type ConfigMapping, type ConfigNode, Odd, readConfigTree } from './tree.ts';

const FRAMEWORKS: readonly Framework[] = [HYPERPYYAML, HYDRA, LIGHTNING, LATENT_DIFFUSION];

/** What a configuration of a framework comes to. */
export interface ConfigJudgement {
  /** What is left to say of it once listed targets are taken out; absent where it is not read as a whole. */
  readonly rest: LoaderKeys | undefined;
  /** Why it is not read as a whole. */
  readonly objection: string | undefined;
  /** By target: why it is not listed. */
  readonly why: ReadonlyMap<string, string>;
}

/**
 * Judges each name of code in a configuration, and what it is given, against the lists of the framework that reads it.
 * @throws AssayError `limit`
 */
export function judgeConfig(text: string, globals: GlobalPolicy): ConfigJudgement {
  const read = readConfigTree(text);
  const why = new Map<string, string>();
  if ('odd' in read) return { rest: undefined, objection: read.odd, why };
  const { root } = read;
  const frameworks = FRAMEWORKS.filter((one) => isReadBy(root, one));
  const framework = frameworks[0];
  if (framework === undefined) return { rest: undefined, objection: undefined, why };
  const walk = new Walk(framework, root, globals, why);
  walk.node(root, '');
  const objection =
    frameworks.length > 1
      ? `it has instructions for ${frameworks.map(({ id }) => id).join(' and ')}`
      : (framework.objection(root, text) ?? walk.objection);
  return { rest: objection === undefined ? walk.keys : undefined, objection, why };
}

/**
 * Judges a config.cfg of spaCy.
 * @returns why it is not clean; nothing when each name and argument is listed
 */
export function judgeSpacyConfig(text: string, globals: GlobalPolicy): string | undefined {
  try {
    const root = readSpacyConfig(text);
    const judge = new Arguments(SPACY, root, globals);
    for (const [node, call] of spacyCalls(root)) {
      if (call === undefined || call === 'refused') return 'a name of it is not text';
      const standing = judge.standing(node, call);
      if (!standing.listed) return `${call.path.slice(0, 200)}: ${standing.why}`;
    }
    return SPACY.objection(root, text);
  } catch (error) {
    if (error instanceof Odd) return error.message;
    throw error;
  }
}

function isReadBy(node: ConfigNode, framework: Framework): boolean {
  if (framework.read(node) !== undefined || (node.tag !== '' && framework === HYPERPYYAML)) return true;
  if (node.kind === 'scalar') return false;
  const parts = node.kind === 'list' ? node.items : [...node.entries.values()];
  return parts.some((one) => isReadBy(one, framework));
}

/** Tells all of a document but its listed instructions to what looks for instructions. */
class Walk {
  readonly keys: LoaderKeys;
  objection: string | undefined;
  readonly #framework: Framework;
  readonly #root: ConfigMapping;
  readonly #arguments: Arguments;
  readonly #why: Map<string, string>;

  constructor(framework: Framework, root: ConfigMapping, globals: GlobalPolicy, why: Map<string, string>) {
    this.#framework = framework;
    this.#root = root;
    this.#arguments = new Arguments(framework, root, globals);
    this.#why = why;
    this.keys = new LoaderKeys({ globals, settings: true });
  }

  #entries(entries: ReadonlyMap<string, ConfigNode>): void {
    this.keys.open('mapping');
    for (const [key, node] of entries) {
      this.keys.key(key);
      this.node(node, key);
    }
    this.keys.close();
  }

  node(node: ConfigNode, key: string): void {
    const instruction = this.#framework.read(node);
    if (instruction === undefined || instruction === 'refused') this.#told(node, key, instruction === undefined);
    else {
      const standing = this.#arguments.standing(node, instruction);
      if (standing.listed) this.#besides(instruction.beside);
      else {
        if (!this.#why.has(instruction.path)) this.#why.set(instruction.path, standing.why);
        this.#told(node, key, false);
      }
    }
  }

  /** What is not a listed instruction; a reference is told as what it stands for, where that is a scalar. */
  #told(node: ConfigNode, key: string, isPlain: boolean): void {
    const known = isPlain && node.tag !== '' ? this.#framework.resolve(node, this.#root) : undefined;
    if (known !== undefined) this.keys.scalar(known.kind === 'scalar' && known.tag === '' ? known.text : '');
    else if (node.kind === 'scalar') {
      if (node.tag !== '') this.keys.tag(node.tag, node.text);
      this.#scalar(key, node.text);
    } else {
      if (node.tag !== '') this.keys.tag(node.tag, undefined);
      if (node.kind === 'mapping') this.#entries(node.entries);
      else this.#items(node.items, key);
    }
  }

  #items(items: readonly ConfigNode[], key: string): void {
    this.keys.open('sequence');
    for (const item of items) this.node(item, key);
    this.keys.close();
  }

  #scalar(key: string, text: string): void {
    this.keys.scalar(text);
    if (!this.#framework.isData(key, text))
      this.objection ??= `its value ${JSON.stringify(text.slice(0, 100))} is more than data to ${this.#framework.id}`;
  }

  #besides(beside: ReadonlyMap<string, ConfigNode>): void {
    if (beside.size === 0) this.keys.scalar('');
    else this.#entries(beside);
  }
}
