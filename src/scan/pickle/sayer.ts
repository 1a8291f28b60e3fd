import type { FileBudget } from '../../core/index.ts';
import { ALL_LOADERS, type LoaderSet } from '../../formats/pickle/index.ts';
import type { Report, Rule } from '../scanner/index.ts';
import type { Breach } from './contracts/index.ts';
import { ruleOf } from './judge-names.ts';
import type { OddityText } from './oddities.ts';
import { ODD_STRUCTURE } from './rules.ts';

/** The number of findings of a stream that are remembered, so that they are not reported again. */
const MAX_SAID = 4096;

/** Reports the findings of a stream, each once for the same loaders. */
export class Sayer {
  /** The loaders that the current event concerns. */
  loaders: LoaderSet = ALL_LOADERS;
  readonly #said = new Set<string>();
  readonly #oddities = new Set<string>();
  readonly #budget: FileBudget | undefined;
  readonly #to: (report: Report) => void;

  constructor(to: (report: Report) => void, budget: FileBudget | undefined) {
    this.#to = to;
    this.#budget = budget;
  }

  /** Reports a finding once, however often it occurs in a stream; its evidence is built only then. */
  report(rule: Rule, message: string, subject: string, offset: number, evidence?: string | (() => string)): void {
    this.#budget?.work(message.length + subject.length);
    const key = `${rule.id}\n${this.loaders}\n${message}\n${subject}`;
    if (this.#said.has(key)) return;
    if (this.#said.size < MAX_SAID) this.#said.add(key);
    const report = { rule, message, subject, offset, loaders: this.loaders };
    const shown = typeof evidence === 'function' ? evidence() : evidence;
    this.#to(shown === undefined ? report : { ...report, evidence: shown });
  }

  breach(name: string, breach: Breach, offset: number, shown: () => string): void {
    const [rule, what] = ruleOf(breach);
    this.report(rule, `${name}: ${what}`, name, offset, shown);
  }

  odd({ subject, message }: OddityText, offset: number): void {
    const key = `${this.loaders} ${subject}`;
    if (this.#oddities.has(key)) return;
    this.#oddities.add(key);
    this.report(ODD_STRUCTURE, message, subject, offset);
  }
}
