import { isRepoName } from '../core/reference/index.ts';
import { type Collector, shown } from './collector.ts';
import { abbreviated, type Meaning, meaningOfArgument } from './programs.ts';
import { looksLikeModel } from './reference.ts';
import { baseName } from './shell-words.ts';
import { type Finds, MODEL_SCHEMES, type ProgramRow } from './table/index.ts';
import type { ReferenceFinder } from './told.ts';
import type { ShellWord } from './variables.ts';

/** A value of a scheme that names models, with whatever argument. */
const ANY_SCHEME: Finds = { finds: 'model', bare: 'path' };

/** Reads a command line: flags with `=` or a word after them, lists, and what stands without a flag. */
export class ArgumentReader {
  readonly #words: readonly ShellWord[];
  readonly #known: ReadonlySet<ProgramRow>;
  readonly #told: ReferenceFinder;
  readonly #collector: Collector;
  /** Words that were understood. */
  readonly #used = new Set<number>();

  constructor(
    words: readonly ShellWord[],
    known: ReadonlySet<ProgramRow>,
    told: ReferenceFinder,
    collector: Collector,
  ) {
    this.#words = words;
    this.#known = known;
    this.#told = told;
    this.#collector = collector;
  }

  /** @param imageRuns no command is given, so that the words go to the image's own program */
  read(imageRuns: boolean): void {
    for (let at = 0; at < this.#words.length; at++) if (!this.#used.has(at)) this.#flag(at);
    for (const row of this.#known) {
      if (row.pairs !== undefined) this.#pairs(row, row.pairs, imageRuns);
      if (row.after !== undefined) this.#positional(row, row.after, imageRuns);
    }
    this.#schemes();
  }

  #flag(at: number): void {
    const word = this.#words[at];
    if (word === undefined || !word.text.startsWith('-')) return;
    const equals = word.text.indexOf('=');
    const name = normal(equals < 0 ? word.text : word.text.slice(0, equals));
    const negated = name.startsWith('--no-') ? meaningOfArgument(`--${name.slice(5)}`, this.#known) : undefined;
    if (negated !== undefined && 'sets' in negated.means) return;
    const meaning = meaningOfArgument(name, this.#known);
    if (meaning === undefined) {
      this.#unknown(name, word);
      return;
    }
    if (name === '-m' && isModule(this.#words, at)) return;
    this.#used.add(at);
    if (equals >= 0) this.#value(meaning, name, { ...word, text: word.text.slice(equals + 1) });
    else if ('sets' in meaning.means && meaning.means.sets === 'trustRemoteCode') this.#switch(meaning, at);
    else this.#values(meaning, name, at);
  }

  #unknown(name: string, word: ShellWord): void {
    const full = abbreviated(name, this.#known);
    if (full !== undefined) this.#collector.unresolved(word.where, `${shown(name)} may stand for ${full}`);
    // click and argparse take `-mVALUE`, too.
    const attached = /^-m(?=.*[:/])[^-]/.test(word.text) ? word.text.slice(2) : undefined;
    const meaning = attached === undefined ? undefined : meaningOfArgument('-m', this.#known);
    if (attached !== undefined && meaning?.sure === true) this.#value(meaning, '-m', { ...word, text: attached });
  }

  /** A flag that may stand alone. */
  #switch(meaning: Meaning, at: number): void {
    const next = this.#words[at + 1];
    const said = next !== undefined && /^(?:true|false|0|1)$/i.test(next.text);
    if (said) this.#used.add(at + 1);
    const where = this.#words[at]?.where ?? '';
    this.#told.take(meaning.means, meaning.rows, said ? next : { text: 'true', where }, 'argument');
  }

  #values(meaning: Meaning, name: string, at: number): void {
    const { means } = meaning;
    const many =
      'ignores' in means ? means.ignores === 'list' : 'finds' in means && ['named', 'list'].includes(means.shape ?? '');
    let next = at + 1;
    for (; next < this.#words.length; next++) {
      const word = this.#words[next];
      if (word === undefined || (word.text.startsWith('-') && word.unresolved === undefined)) break;
      this.#used.add(next);
      this.#value(meaning, name, word);
      if (!many) return;
    }
    const where = this.#words[at]?.where ?? '';
    if (next === at + 1) this.#collector.unresolved(where, `${shown(name)} has no value`);
  }

  #value(meaning: Meaning, name: string, word: ShellWord): void {
    const { means, rows, sure } = meaning;
    const common = 'finds' in means && (means.common === true || !name.startsWith('--'));
    if (!sure && common && word.unresolved === undefined && !looksLikeModel(word.text)) return;
    this.#told.take(means, rows, word, 'argument');
  }

  /** `serve <model>`; options of the program may stand between. */
  #positional(row: ProgramRow, after: Readonly<Record<string, Finds>>, imageRuns: boolean): void {
    const at = this.#words.findIndex(({ text }, index) => !this.#used.has(index) && Object.hasOwn(after, text));
    const finds = at < 0 ? after[row.startsWith ?? ''] : after[this.#words[at]?.text ?? ''];
    if (finds === undefined || (at < 0 && !imageRuns)) return;
    let guess: ShellWord | undefined;
    for (let next = at + 1; next < this.#words.length; next++) {
      const word = this.#words[next];
      if (word === undefined || this.#used.has(next) || word.text.startsWith('-')) continue;
      const before = next > at + 1 && !this.#used.has(next - 1) ? this.#words[next - 1] : undefined;
      const mayBeValue = before?.text.startsWith('-') === true && !before.text.includes('=');
      if (!mayBeValue) {
        this.#position(row, finds, word, next);
        return;
      }
      if (guess === undefined && looksLikeModel(word.text)) guess = word;
    }
    if (guess === undefined) return;
    this.#collector.unresolved(guess.where, 'is a value of an argument, or the model itself: write the model first');
    this.#told.take(finds, [row], guess, 'argument');
  }

  #position(row: ProgramRow, finds: Finds, word: ShellWord, index: number): void {
    this.#used.add(index);
    this.#told.take(finds, [row], word, 'argument');
  }

  /** `uri folder uri folder ...`: all words, or those after the program. */
  #pairs(row: ProgramRow, finds: Finds, imageRuns: boolean): void {
    const head = this.#words.findIndex(({ text }) =>
      row.commands.some((command) => baseName(text) === baseName(command)),
    );
    if (head < 0 && !imageRuns && this.#words[0]?.text.includes('://') !== true) {
      const rest = this.#words.findIndex(({ text }) => text.includes('://'));
      if (rest < 0) return;
      this.#pairsFrom(row, finds, rest);
      return;
    }
    this.#pairsFrom(row, finds, head + 1);
  }

  #pairsFrom(row: ProgramRow, finds: Finds, from: number): void {
    for (let at = from; at < this.#words.length; at += 2) {
      const word = this.#words[at];
      if (word === undefined || this.#used.has(at)) continue;
      this.#position(row, finds, word, at);
      this.#used.add(at + 1);
    }
  }

  /** A value that no row knows, but that names a model by its scheme. */
  #schemes(): void {
    for (const [index, word] of this.#words.entries()) {
      if (this.#used.has(index)) continue;
      const text = word.text.startsWith('-') ? word.text.slice(word.text.indexOf('=') + 1) : word.text;
      if (hasModelScheme(text)) this.#told.find(ANY_SCHEME, 'scheme', { ...word, text });
      else if (word.unresolved !== undefined && !this.#isHarmless(word, index)) {
        this.#collector.unresolved(word.where, word.unresolved);
      }
    }
  }

  /** A variable that cannot be a flag or a model: of the node or the Pod, or the value of a flag for keys and addresses. */
  #isHarmless(word: ShellWord, index: number): boolean {
    if (word.harmless === true) return true;
    const flag = word.text.startsWith('--') ? word.text.replace(/=.*$/s, '') : (this.#words[index - 1]?.text ?? '');
    return /^--[\w-]*(?:key|token|host|port|rank|addr|address|password|secret|ip|index|name)$/.test(flag);
  }
}

/** Whether a text is a reference by a scheme that only models have. */
export function hasModelScheme(text: string): boolean {
  const head = text.slice(0, 24).toLowerCase();
  return MODEL_SCHEMES.some((scheme) => head.startsWith(scheme) && head[scheme.length] === '/');
}

/** Id of the program that a renamed image is taken for, by the words that it is given. */
export function likeProgram(words: readonly ShellWord[]): 'vllm' | 'kserve-storage-initializer' | undefined {
  const [first, second] = words;
  if (first === undefined || second === undefined) return undefined;
  if (first.text.includes('://') && second.text.startsWith('/mnt/models')) return 'kserve-storage-initializer';
  if (first.text !== 'serve') return undefined;
  const isModel = (second.text.includes('/') && isRepoName(second.text)) || hasModelScheme(second.text);
  return isModel ? 'vllm' : undefined;
}

/** After `--`, `_` and `-` are one: argparse of vLLM, gflags and clap have it so. */
export function normal(name: string): string {
  return name.startsWith('--') ? name.replaceAll('_', '-') : name;
}

/** `python -m module`. */
function isModule(words: readonly ShellWord[], at: number): boolean {
  for (let before = at - 1; before >= 0 && before >= at - 4; before--) {
    const text = words[before]?.text ?? '';
    if (/^(?:python|torchrun|uv|accelerate)[\d.]*$/.test(baseName(text))) return true;
    if (!text.startsWith('-') && text !== 'launch' && text !== 'run') return false;
  }
  return false;
}
