import { readFileSync } from 'node:fs';

/** `operators.json`, made by `fixtures/make/torch_operators.py`: names and overloads separated by spaces. */
interface WrittenOperators {
  /** By namespace and overloads; an operator without a name for its overload has the empty one. */
  readonly operators: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By what they do; `*` at the end of a name stands for any end. */
  readonly refused: Readonly<Record<string, string>>;
}

/** What refused operators do, and whether that is dangerous whatever they are given. */
const DANGERS = {
  writes: { does: 'writes any file', malicious: true },
  maps: { does: 'maps any file into memory, or creates it', malicious: true },
  reads: { does: 'reads any file', malicious: true },
  python: { does: 'calls a function of the Python process', malicious: true },
  remote: { does: 'exchanges data with other processes', malicious: false },
  memory: { does: 'takes positions or bytes without checking them', malicious: false },
  tests: { does: "is one of PyTorch's own tests", malicious: false },
} as const;

export type TorchJudgement =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly does: string; readonly malicious: boolean }
  | { readonly kind: 'unlisted' };

const ALLOWED: TorchJudgement = { kind: 'allowed' };
const UNLISTED: TorchJudgement = { kind: 'unlisted' };

interface Operators {
  /** The overloads of each `namespace::name`. */
  readonly allowed: ReadonlyMap<string, ReadonlySet<string>>;
  readonly refused: ReadonlyMap<string, TorchJudgement>;
  /** Beginnings of names. */
  readonly families: readonly (readonly [start: string, judgement: TorchJudgement])[];
}

let operators: Operators | undefined;

function read(): Operators {
  const file = readFileSync(new URL('./operators.json', import.meta.url), 'utf8');
  const written = JSON.parse(file) as WrittenOperators;
  const allowed = new Map<string, ReadonlySet<string>>();
  for (const [namespace, rows] of Object.entries(written.operators)) {
    for (const [overloads, names] of Object.entries(rows)) {
      const known = new Set(overloads.split(' '));
      for (const name of names.split(' ')) allowed.set(`${namespace}::${name}`, known);
    }
  }
  const refused = new Map<string, TorchJudgement>();
  const families: [string, TorchJudgement][] = [];
  for (const [danger, how] of Object.entries(DANGERS)) {
    const judgement = { kind: 'refused', ...how } as const;
    for (const name of written.refused[danger]?.split(' ') ?? []) {
      if (name.endsWith('*')) families.push([name.slice(0, -1), judgement]);
      else refused.set(name, judgement);
    }
  }
  return { allowed, refused, families };
}

/**
 * What is known of an operator of PyTorch, torchvision or torchaudio.
 * @param overload any of the listed ones when absent, as in source of TorchScript, which names none
 */
export function judgeTorchOperator(namespace: string, name: string, overload?: string): TorchJudgement {
  operators ??= read();
  const full = `${namespace}::${name}`;
  const overloads = operators.allowed.get(full);
  if (overloads !== undefined) return overload === undefined || overloads.has(overload) ? ALLOWED : UNLISTED;
  return operators.refused.get(full) ?? operators.families.find(([start]) => full.startsWith(start))?.[1] ?? UNLISTED;
}

/** Whether a path names a listed operator, as torch.export writes it: `torch.ops.aten.linear.default`. */
export function isComputingOperator(path: readonly string[]): boolean {
  const [root, ops, namespace = '', name = '', overload, ...rest] = path;
  if (root !== 'torch' || ops !== 'ops' || rest.length > 0) return false;
  return judgeTorchOperator(namespace, name, overload === 'default' ? '' : overload).kind === 'allowed';
}
