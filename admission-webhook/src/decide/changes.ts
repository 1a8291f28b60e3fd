import { extractReferences, referenceKey, type WorkloadReferences } from '../../../src/workload/index.ts';
import { pointedAt, runKeys } from '../../../src/workload/posture/index.ts';
import type { AdmissionRequest } from '../request.ts';

/** What an update adds or changes, compared with what is stored. */
export interface Changes {
  /** Nothing that names a model, may name one, or runs. */
  readonly nothing: boolean;
  /** Something that was found at a place. */
  found(one: Found): boolean;
  /** What the container at a place would run. */
  container(where: string): boolean;
  readonly images: boolean;
}

type Found = WorkloadReferences['references'][number] | WorkloadReferences['unresolved'][number];

const ALL_NEW: Changes = { nothing: false, found: () => true, container: () => true, images: true };

/**
 * Compares what containers would run: the image, command, arguments, variables, hooks, and what is mounted where; never the place
 * of a finding. A container is unchanged where one like it, to the byte, is stored.
 */
export function changesOf({ operation, object, oldObject }: AdmissionRequest, found: WorkloadReferences): Changes {
  if (operation !== 'UPDATE' || oldObject === null) return ALL_NEW;
  const stored = extractReferences(oldObject);
  const left = new Map<string, number>();
  for (const [, key] of runKeys(oldObject, stored)) left.set(key, (left.get(key) ?? 0) + 1);
  const isNewRun = new Map<string, boolean>();
  for (const [where, key] of runKeys(object, found)) {
    const count = left.get(key) ?? 0;
    isNewRun.set(where, count === 0);
    if (count > 0) left.set(key, count - 1);
  }
  const images = [...isNewRun.values()].some((isNew) => isNew);
  const before = new Set(stored.references.flatMap((one) => keyOf(one, oldObject) ?? []));
  for (const one of stored.unresolved) before.add(keyOf(one, oldObject) ?? '');
  const isNewFound = (one: Found) => {
    const run = runOf(one.where, isNewRun);
    if (run !== undefined) return run;
    const key = keyOf(one, object);
    // A volume is loaded by whoever mounts it.
    return key === undefined || !before.has(key) || (images && /\/volume\w*\//.test(one.where));
  };
  const nothing = !images && !found.references.some(isNewFound) && !found.unresolved.some(isNewFound);
  return { nothing, found: isNewFound, container: (where) => isNewRun.get(where) ?? true, images };
}

/** Whether the container that a place is in is new; `undefined` for what is in none. */
function runOf(where: string, isNewRun: ReadonlyMap<string, boolean>): boolean | undefined {
  for (let at = where; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const isNew = isNewRun.get(at);
    if (isNew !== undefined) return isNew;
  }
  return undefined;
}

/**
 * Of something in a field, a volume, an annotation: what it is, and what is written there.
 * @returns `undefined` for what was not read to its end: whether it is the same cannot be told
 */
function keyOf(one: Found, object: unknown): string | undefined {
  if (one.where === '') return undefined;
  const written = JSON.stringify(pointedAt(object, one.where)) ?? '';
  return 'why' in one ? `${one.why}\n${written}` : `${one.role} ${one.via} ${referenceKey(one)}\n${written}`;
}
