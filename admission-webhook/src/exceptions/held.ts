import {
  type CompiledException,
  type ContainerException,
  compileException,
} from '../../../src/workload/posture/exceptions/index.ts';

/** The exceptions of a configuration, ready to be asked. */
export interface HeldExceptions {
  readonly all: readonly CompiledException[];
}

export const NO_EXCEPTIONS: HeldExceptions = { all: [] };

export function heldExceptions(exceptions: readonly ContainerException[]): HeldExceptions {
  return exceptions.length === 0 ? NO_EXCEPTIONS : { all: exceptions.map(compileException) };
}

/** Those that hold in a namespace now. */
export function exceptionsAt({ all }: HeldExceptions, namespace: string, now: Date): readonly CompiledException[] {
  if (all.length === 0) return all;
  return all.filter(({ ends, namespaces }) => {
    return now.getTime() < ends && (namespaces.size === 0 || namespaces.has(namespace));
  });
}
