import type { FileBudget } from '../../../core/index.ts';
import type { GlobalPolicy } from '../../lists/index.ts';
import { KERAS_RULES, type KerasRule } from '../rules.ts';

/** Where a finding is reported, and what judging may cost. */
export interface KerasContext {
  readonly globals: GlobalPolicy;
  readonly budget: FileBudget;
  report(report: {
    readonly rule: (typeof KERAS_RULES)[KerasRule];
    readonly message: string;
    readonly subject: string;
    readonly evidence?: string;
  }): void;
}

/** Findings of one document that are kept: a model that holds more is judged by these. */
const MAX_FINDINGS = 100;
const MAX_SHOWN = 120;

/** What was found in one document: the same subject once for each rule. */
export class Findings {
  readonly #found = new Map<string, Parameters<KerasContext['report']>[0]>();
  /** Whether a finding is of something that acts, in whatever program reads the document. */
  acts = false;

  add(rule: KerasRule, subject: string, message: string, evidence?: string): void {
    const key = `${rule}\n${subject}`;
    if (rule === 'code' || rule === 'dangerous') this.acts = true;
    else if (this.#found.size >= MAX_FINDINGS) return;
    if (this.#found.has(key)) return;
    const shown = evidence === undefined ? {} : { evidence: evidence.slice(0, MAX_SHOWN) };
    this.#found.set(key, { rule: KERAS_RULES[rule], subject: subject.slice(0, 200), message, ...shown });
  }

  get size(): number {
    return this.#found.size;
  }

  report(context: KerasContext): void {
    for (const finding of this.#found.values()) context.report(finding);
  }
}

/** A text of the document, for a message. */
export function inQuotes(text: string): string {
  return JSON.stringify(text.slice(0, MAX_SHOWN));
}
