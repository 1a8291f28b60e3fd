import { recognise } from '../programs.ts';
import type { ShellWord } from '../variables.ts';
import { HINTS, quotedWord } from './hints.ts';
import { inertCommand, programName } from './inert.ts';
import type { ProblemKind } from './result.ts';
import { whyActive } from './script.ts';
import { GRAMMARS, type Grammar, INTERPRETERS, LOADS_BY_API, SHELLS, STARTERS } from './table/index.ts';

/** What a command line runs. */
export type ContainerCommand =
  /** The image's own program, which is told nothing. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'inert'; readonly name: string }
  | { readonly kind: 'server'; readonly grammar: Grammar; readonly words: readonly ShellWord[] }
  | { readonly kind: 'unknown'; readonly problem: CommandProblem };

export interface CommandProblem {
  readonly kind: ProblemKind;
  readonly where: string;
  readonly why: string;
  readonly hint: string;
}

/** @param argv every word, the program first */
export function readCommand(argv: readonly ShellWord[], where: string): ContainerCommand {
  const [first, ...rest] = argv;
  if (first === undefined) return { kind: 'nothing' };
  const name = programName(first.text);
  const unknown = (kind: ProblemKind, why: string, hint: string = HINTS.program, at = where): ContainerCommand => ({
    kind: 'unknown',
    problem: { kind, where: at, why, hint },
  });
  if (first.unresolved !== undefined) return unknown('told', `runs a program that is not written in the object`);
  if (name === undefined)
    return unknown('program', `runs ${quotedWord(first.text)}, which is in no folder of known programs`);
  const starter = Object.hasOwn(STARTERS, name) ? STARTERS[name] : undefined;
  if (starter !== undefined) {
    const at = rest.findIndex(({ text }) => !starter.test(text));
    return readCommand(rest.slice(rest[at]?.text === '--' ? at + 1 : Math.max(at, 0)), where);
  }
  const grammar = startedBy(name, rest);
  if (grammar !== undefined) return grammar;
  if (SHELLS.has(name)) return readShell(name, rest, first.where, unknown);
  const literal = argv.every((word) => word.unresolved === undefined);
  const inert = literal ? inertCommand(argv.map(({ text }) => text)) : undefined;
  if (inert !== undefined) return { kind: 'inert', name: inert };
  if (INTERPRETERS.test(name)) {
    const inline = rest.slice(0, 24).some(({ text }) => /^-[A-Za-z]*[ceE]|^--?(?:eval|print|command)\b/i.test(text));
    return unknown(inline ? 'told' : 'program', `runs code with ${name}, which may load any model`);
  }
  for (const { id } of recognise(undefined, argv)) {
    const why = Object.hasOwn(LOADS_BY_API, id) ? LOADS_BY_API[id] : undefined;
    if (why !== undefined) return unknown('told', `runs a server of models: ${why}`, HINTS.api);
  }
  return unknown('program', `runs ${quotedWord(first.text)} with these arguments, which is in no table`);
}

function startedBy(name: string, rest: readonly ShellWord[]): ContainerCommand | undefined {
  const python = /^python(?:3(?:\.\d+)?)?$/.test(name);
  const program = python ? 'python' : name;
  const words = python && rest[0]?.text === '-u' ? rest.slice(1) : rest;
  for (const grammar of GRAMMARS) {
    for (const [start, ...more] of grammar.starts) {
      const fits = start === program && more.every((word, at) => words[at]?.text === word && !words[at]?.unresolved);
      if (fits) return { kind: 'server', grammar, words: words.slice(more.length) };
    }
  }
  return undefined;
}

/** `sh -c TEXT`, in any order of the options that change nothing else; every other use of a shell is unknown. */
function readShell(
  name: string,
  rest: readonly ShellWord[],
  where: string,
  unknown: (kind: ProblemKind, why: string, hint: string, where?: string) => ContainerCommand,
): ContainerCommand {
  const isText = (word: ShellWord | undefined) => /^-[A-Za-z]*c[A-Za-z]*$/.test(word?.text ?? '');
  const at = rest.findIndex(isText);
  if (at < 0) return unknown('program', `runs a script with ${name}, which may load any model`, HINTS.command, where);
  const script = rest[at + 1]?.text === '--' ? at + 2 : at + 1;
  const text = rest[script];
  const plain = at === 0 && /^-[ceux]+$/.test(rest[0]?.text ?? '') && rest.length === script + 1;
  if (!plain || text === undefined || text.unresolved !== undefined || text.text === '')
    return unknown('told', `runs ${name} with a script, which may load any model`, HINTS.command, where);
  const why = whyActive(text.text);
  return why === undefined ? { kind: 'inert', name } : unknown('told', why, HINTS.command, text.where);
}
