import { AsyncDisposableStack, DEFAULT_LIMITS, FileBudget, type Limits } from '../../core/index.ts';

export interface DataOptions {
  /** The folder of the suite file: paths are relative to it. */
  readonly folder: string;
  /** Whether paths may lead out of the folder; false when absent. */
  readonly outside?: boolean;
  /** Bounds that are not the usual ones; `maxFileMemory` bounds all arrays together. */
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal | undefined;
}

/** What every reader works under. */
export interface DataContext {
  readonly limits: Limits;
  readonly budget: FileBudget;
  readonly signal: AbortSignal | undefined;
  readonly resources: AsyncDisposableStack;
}

const GiB = 1024 ** 3;
/** Arrays are held as 64-bit numbers. */
const DATA_MEMORY = 2 * GiB;

export function contextOf({ limits, signal }: DataOptions): DataContext {
  const all: Limits = {
    ...DEFAULT_LIMITS,
    maxFileMemory: DATA_MEMORY,
    sandboxMemoryBytes: GiB,
    ...limits,
  };
  // The work that is allowed grows with the size of a file: here that of all files, which is not known yet.
  const budget = new FileBudget(all, all.maxFileWork);
  return { limits: all, budget, signal, resources: new AsyncDisposableStack() };
}
