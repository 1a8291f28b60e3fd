import type { ByteSource } from '../../../../core/bytes/index.ts';
import type { FileBudget } from '../../../../core/index.ts';
import { humanBytes } from '../../../../report/index.ts';

/** Lines of one list that are printed, unless all are asked for. */
const MAX_LINES = 40;

/** Where a view writes. */
export class Listing {
  readonly #print: (line: string) => void;
  readonly #lines: number;

  constructor(print: (line: string) => void, all: boolean) {
    this.#print = print;
    this.#lines = all ? Number.POSITIVE_INFINITY : MAX_LINES;
  }

  line(...facts: readonly string[]): void {
    this.#print(facts.join(' · '));
  }

  /** A title and its lines; nothing where there are none. */
  list(title: string, lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#print(`${title}:`);
    for (const line of lines.slice(0, this.#lines)) this.#print(`  ${line}`);
    if (lines.length > this.#lines) this.#print(`  and ${lines.length - this.#lines} more`);
  }

  /** Names by how often they occur. */
  counts(title: string, names: Iterable<string>): void {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    this.list(
      title,
      [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name, times]) => `${name} × ${times}`),
    );
  }
}

/** Prints what a model of one format holds. It reads the file, and runs nothing of it. */
export type FormatView = (source: ByteSource, listing: Listing, budget: FileBudget) => Promise<void>;

export interface ShownTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

export function tensorLine({ name, type, shape, bytes }: ShownTensor): string {
  return `${name} · ${type} [${shape.join(', ')}] · ${humanBytes(bytes)}`;
}

/** The types of tensors, and how many bytes all have; nothing where there are none. */
export function tensorSum(tensors: readonly ShownTensor[]): string[] {
  const types = [...new Set(tensors.map(({ type }) => type))].sort();
  const bytes = tensors.reduce((sum, one) => sum + one.bytes, 0);
  return types.length === 0 ? [] : [types.join(', '), humanBytes(bytes)];
}
