import type { GlobalPolicy } from '../../lists/index.ts';
import { codePath } from '../code-path.ts';
import type { ConfigCall, Framework } from './framework.ts';
import { type ConfigTarget, configTarget } from './targets.ts';
import type { ConfigMapping, ConfigNode } from './tree.ts';

/** A number, a truth value or nothing, as YAML 1.1 or 1.2 write them. */
const NUMBER =
  /^(?:[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|[-+]?\.?(?:inf|nan)|0[xo][\da-f]+|true|false|yes|no|on|off|y|n|)$/i;
const MAX_NUMBERS = 2_000;
const NOTHING = /^(?:null|Null|NULL|~|)$/;
/** Not a path, an address, a dotted name or code. */
const WORD = /^(?:[A-Za-z0-9][\w -]{0,63}|[*!|_+-])$/;
/** Of a name of spaCy's catalogue. */
const MODULES = ['spacy', 'spacy_legacy', 'thinc'];
const MAX_REFERENCES = 20;
const MAX_DEPTH = 60;
/** What an argument of a name that the organisation allows may be. */
const ANY_DATA = 'nwod';

/** Why an instruction is not listed, or that it is. */
export type CallStanding = { readonly listed: true } | { readonly listed: false; readonly why: string };

const LISTED: CallStanding = { listed: true };
const no = (why: string): CallStanding => ({ listed: false, why });

/** Says of instructions whether their names and arguments are listed. Asks each node once. */
export class Arguments {
  readonly #framework: Framework;
  readonly #root: ConfigMapping;
  readonly #globals: GlobalPolicy;
  readonly #standings = new Map<ConfigNode, CallStanding>();

  constructor(framework: Framework, root: ConfigMapping, globals: GlobalPolicy) {
    this.#framework = framework;
    this.#root = root;
    this.#globals = globals;
  }

  standing(node: ConfigNode, instruction: ConfigCall, depth = 0): CallStanding {
    const known = this.#standings.get(node);
    if (known !== undefined) return known;
    // Found again within itself: it refers to itself.
    this.#standings.set(node, no('it is a part of itself'));
    const standing = this.#judge(instruction, depth);
    this.#standings.set(node, standing);
    return standing;
  }

  #judge({ path, makes, positional, named }: ConfigCall, depth: number): CallStanding {
    if (depth > MAX_DEPTH) return no('it is nested too deeply');
    const target = configTarget(path);
    if (target === undefined) return this.#judgeAllowed(path, [...positional, ...named.values()], depth);
    if (MODULES.some((module) => path.startsWith('@') && this.#globals.shadows(module)) || this.#globals.shadows(path))
      return no('a file of the artifact would be imported in its place');
    if (makes === 'call' ? target.kind !== 'call' : makes === 'object' && target.kind === 'function')
      return no('it is listed, but not to be called here');
    const kinds = [...kindsOf(target)];
    for (const [at, node] of positional.entries()) {
      const allowed = kinds[at] ?? target.takes.get('*');
      if (allowed === undefined || !this.#fits(node, allowed, depth))
        return no(`it is listed, but not with its argument ${at + 1}`);
    }
    for (const [name, node] of named) {
      const allowed = target.takes.get(name) ?? (WORD.test(name) ? target.takes.get('**') : undefined);
      if (allowed === undefined || !this.#fits(node, allowed, depth))
        return no(`it is listed, but not with this argument ${JSON.stringify(name.slice(0, 100))}`);
    }
    return LISTED;
  }

  /** A name that the organisation allows takes data, and what is listed. */
  #judgeAllowed(path: string, values: readonly ConfigNode[], depth: number): CallStanding {
    const found = codePath(path, this.#globals);
    if (found.kind !== 'path' || !found.allowed) return no(allowEntry(path));
    return values.every((node) => this.#fits(node, ANY_DATA, depth))
      ? LISTED
      : no('it is allowed, but an argument is more than a number, a word or a listed object');
  }

  #fits(given: ConfigNode, kinds: string, depth: number): boolean {
    const node = this.#resolved(given);
    if (node === undefined || depth > MAX_DEPTH) return false;
    const instruction = this.#framework.read(node);
    if (instruction === 'refused') return false;
    if (instruction !== undefined) {
      const isWanted = kinds.includes(instruction.makes === 'value' ? 'm' : 'o');
      return isWanted && instruction.beside.size === 0 && this.standing(node, instruction, depth + 1).listed;
    }
    if (node.tag !== '') return false;
    if (node.kind === 'scalar') return fitsText(node.text, kinds);
    if (node.kind === 'list')
      return /[nwo]/.test(kinds) && node.items.every((one) => this.#fits(one, kinds, depth + 1));
    return (
      kinds.includes('d') &&
      [...node.entries].every(([key, one]) => WORD.test(key) && this.#fits(one, 'nwd', depth + 1))
    );
  }

  #resolved(given: ConfigNode): ConfigNode | undefined {
    let node: ConfigNode | undefined = given;
    for (let count = 0; count < MAX_REFERENCES && node !== undefined; count++) {
      const next: ConfigNode | undefined = this.#framework.resolve(node, this.#root);
      if (next === node) return node;
      node = next;
    }
    return undefined;
  }
}

function fitsText(text: string, kinds: string): boolean {
  if (NOTHING.test(text)) return true;
  return (kinds.includes('n') && isNumbers(text)) || (kinds.includes('w') && WORD.test(text));
}

/** HyperPyYAML makes a tuple of numbers in brackets. */
function isNumbers(text: string): boolean {
  if (text.length > MAX_NUMBERS) return false;
  const inner = /^\(([^()]*)\)$/.exec(text)?.[1];
  return inner === undefined ? NUMBER.test(text) : inner.split(',').every((one) => NUMBER.test(one.trim()));
}

/** What positional arguments may be, in order. */
function* kindsOf(target: ConfigTarget): Generator<string> {
  for (const [name, kinds] of target.takes) {
    if (name.startsWith('*')) return;
    yield kinds;
  }
}

function allowEntry(path: string): string {
  if (path.startsWith('@')) return 'it is on no list';
  const dot = path.lastIndexOf('.');
  return `it is on no list; once reviewed, an organisation allows it with {module: ${path.slice(0, dot)}, name: ${path.slice(dot + 1)}, uses: [call]}`;
}
