import { baseName } from './shell-words.ts';
import { type Means, PROGRAMS, type ProgramRow } from './table/index.ts';
import type { ShellWord } from './variables.ts';

interface Entry {
  readonly row: ProgramRow;
  readonly means: Means;
}

/** How many words of a command line may stand before the program: wrappers and their options. */
const MAX_BEFORE = 24;

const ARGUMENTS = index((row) => row.takes);
const VARIABLES = index((row) => row.env);

function index(of: (row: ProgramRow) => Readonly<Record<string, Means>>): ReadonlyMap<string, readonly Entry[]> {
  const map = new Map<string, Entry[]>();
  for (const row of PROGRAMS) {
    for (const [name, means] of Object.entries(of(row))) map.set(name, [...(map.get(name) ?? []), { row, means }]);
  }
  return map;
}

/** The programs that a container runs, by its image or its command line. */
export function recognise(image: string | undefined, words: readonly ShellWord[]): ReadonlySet<ProgramRow> {
  const repository = (image ?? '').toLowerCase().replace(/@.*$/, '');
  const known = new Set<ProgramRow>();
  const heads = words.slice(0, MAX_BEFORE).map(({ text }) => text);
  for (const row of PROGRAMS) {
    if (row.images.some((part) => repository.includes(part))) known.add(row);
    else if (heads.some((text) => row.commands.some((command) => isCommand(text, command)))) known.add(row);
  }
  return known;
}

function isCommand(text: string, command: string): boolean {
  if (command.startsWith('/')) return text === command;
  if (command.endsWith('.*')) return text === command.slice(0, -2) || text.startsWith(command.slice(0, -1));
  return baseName(text) === command;
}

/** What a flag or a variable means in a container that runs `known`, and for which rows: the one that is meant first. */
export interface Meaning {
  readonly means: Means;
  readonly rows: readonly ProgramRow[];
  /** Of a program that the container is known to run. */
  readonly sure: boolean;
}

export function meaningOfArgument(name: string, known: ReadonlySet<ProgramRow>): Meaning | undefined {
  return meaning(ARGUMENTS.get(name), known);
}

export function meaningOfVariable(name: string, known: ReadonlySet<ProgramRow>): Meaning | undefined {
  return meaning(VARIABLES.get(name), known);
}

function meaning(entries: readonly Entry[] | undefined, known: ReadonlySet<ProgramRow>): Meaning | undefined {
  if (entries === undefined) return undefined;
  const own = entries.filter(({ row }) => known.has(row));
  const [first] = own.length > 0 ? own : entries;
  if (first === undefined) return undefined;
  // An attribute goes to each program that has it; a model is found once.
  const rows = 'sets' in first.means ? entries.map(({ row }) => row) : [first.row];
  return { means: first.means, rows, sure: own.length > 0 };
}

/** Arguments of known programs that an abbreviation may stand for: argparse completes them. */
export function abbreviated(name: string, known: ReadonlySet<ProgramRow>): string | undefined {
  if (name.length < 5 || !name.startsWith('--')) return undefined;
  for (const row of known) {
    for (const full of Object.keys(row.takes)) if (full.startsWith(name)) return full;
  }
  return undefined;
}
