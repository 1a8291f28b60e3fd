import { readFileSync } from 'node:fs';

/** `operators.json`, made by `fixtures/make/tensorflow_operators.py`: names separated by spaces. */
interface WrittenOperators {
  readonly versions: readonly string[];
  /** By the file of TensorFlow that registers them. */
  readonly allowed: Readonly<Record<string, string>>;
  /** By what their kernels do. */
  readonly refused: Readonly<Record<string, string>>;
  /** Attributes of all allowed operators. */
  readonly attributes: string;
}

export type OperatorDanger = keyof typeof DANGERS;

/** What refused operators do, and whether that is dangerous whatever they are given. */
const DANGERS = {
  python: { does: 'calls a function of the Python process', malicious: true },
  library: { does: 'loads a library', malicious: true },
  reads: { does: 'reads any file', malicious: true },
  writes: { does: 'writes any file', malicious: true },
  network: { does: 'opens a connection', malicious: true },
  lists: { does: 'lists files', malicious: false },
  records: { does: 'reads records from files', malicious: false },
  saves: { does: 'writes data sets, caches or summaries to files', malicious: false },
  graph: { does: 'runs or restores a graph that is stored as data', malicious: false },
  remote: { does: 'exchanges data with other devices', malicious: false },
  debug: { does: 'sends tensors to files or servers of a debugger', malicious: false },
  program: { does: 'runs a program for XLA that is stored as data', malicious: false },
  process: { does: 'ends the process or changes its settings', malicious: false },
  session: { does: 'reaches tensors of other calls', malicious: false },
} as const;

export type OperatorJudgement =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly does: string; readonly malicious: boolean }
  | { readonly kind: 'unlisted' };

interface Operators {
  readonly judgements: ReadonlyMap<string, OperatorJudgement>;
  readonly attributes: ReadonlySet<string>;
}

let operators: Operators | undefined;

function read(): Operators {
  const file = readFileSync(new URL('./operators.json', import.meta.url), 'utf8');
  const written = JSON.parse(file) as WrittenOperators;
  const judgements = new Map<string, OperatorJudgement>();
  for (const names of Object.values(written.allowed))
    for (const name of names.split(' ')) judgements.set(name, { kind: 'allowed' });
  for (const [danger, { does, malicious }] of Object.entries(DANGERS))
    for (const name of written.refused[danger]?.split(' ') ?? [])
      judgements.set(name, { kind: 'refused', does, malicious });
  return { judgements, attributes: new Set(written.attributes.split(' ')) };
}

export function judgeOperator(name: string): OperatorJudgement {
  operators ??= read();
  return operators.judgements.get(name) ?? { kind: 'unlisted' };
}

/** Whether an operator of TensorFlow has an attribute of this name; those that begin with `_` are notes of the runtime. */
export function isOperatorAttribute(name: string): boolean {
  operators ??= read();
  return name.startsWith('_') || operators.attributes.has(name);
}
