import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { AssayError } from '../../src/core/index.ts';
import { terminalText } from '../../src/report/index.ts';

/** How the runner shows a line. */
export type Level = 'error' | 'warning' | 'notice';

export interface Annotation {
  readonly level: Level;
  readonly title: string;
  readonly message: string;
  /** Relative to the repository. */
  readonly file?: string;
  /** From 1; absent for a binary file. */
  readonly line?: number;
}

/** GitHub shows ten errors, ten warnings and ten notices of a step. */
export const SHOWN_OF_A_LEVEL = 10;
/** A summary of more than 1 MiB is refused whole. */
export const MAX_SUMMARY_BYTES = 1024 * 1024;
const MAX_MESSAGE = 1_000;

/**
 * What the step tells the runner: commands on stdout, and lines appended to files. All that comes from a repository is hostile:
 * no text of it begins a command, ends one early, or adds an output.
 */
export class Workflow {
  readonly #env: NodeJS.ProcessEnv;
  readonly #write: (text: string) => void;

  constructor(env: NodeJS.ProcessEnv, write: (text: string) => void) {
    this.#env = env;
    this.#write = write;
  }

  /** A line of the log. */
  log(text: string): void {
    this.#write(`${inertLine(text)}\n`);
  }

  annotate({ level, title, message, file, line }: Annotation): void {
    const properties = [
      ...(file === undefined ? [] : [`file=${property(file)}`]),
      ...(line === undefined ? [] : [`line=${line}`]),
      `title=${property(title)}`,
    ];
    this.#write(`::${level} ${properties.join(',')}::${data(message)}\n`);
  }

  /** The runner replaces it by `***` in every log from now on. */
  mask(secret: string): void {
    if (secret !== '') this.#write(`::add-mask::${data(secret, false)}\n`);
  }

  /** @throws AssayError `usage` outside of a runner */
  output(name: string, value: string): void {
    const end = `end-${randomUUID()}`;
    const inert = terminalText(value, Number.POSITIVE_INFINITY);
    this.#append('GITHUB_OUTPUT', `${name}<<${end}\n${inert}\n${end}\n`);
  }

  /** Markdown; the caller has already escaped its content. */
  summary(markdown: string): void {
    this.#append('GITHUB_STEP_SUMMARY', markdown);
  }

  #append(variable: string, text: string): void {
    const path = this.#env[variable] ?? '';
    if (path === '')
      throw new AssayError('usage', 'is not set: run this as a step of GitHub Actions', { subject: variable });
    appendFileSync(path, text);
  }
}

/** The value of a command: `%`, CR and LF are how one ends. */
function data(text: string, readable = true): string {
  const shown = readable ? terminalText(text, MAX_MESSAGE) : text;
  return olderForm(shown).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** The value of a property of a command. */
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** The runner reads `::name::` at the start of a line, and the older `##[name]` anywhere in one. */
function inertLine(text: string): string {
  return olderForm(terminalText(text, MAX_MESSAGE)).replace(/^(\s*):(?=:)/, '$1: ');
}

function olderForm(text: string): string {
  return text.replaceAll('##[', '## [');
}
