import {
  extractReferences,
  own,
  referenceKey,
  type Unresolved,
  type WorkloadImage,
  type WorkloadReference,
  type WorkloadReferences,
} from '../../../src/workload/index.ts';
import type { AdmissionRequest } from '../request.ts';

/** What an update adds or changes, compared with what is stored. */
export interface Changes {
  /** Nothing that names a model, may name one, or runs. */
  readonly nothing: boolean;
  reference(found: WorkloadReference): boolean;
  unresolved(found: Unresolved): boolean;
  readonly images: boolean;
}

const ALL_NEW: Changes = { nothing: false, reference: () => true, unresolved: () => true, images: true };

export function changesOf({ operation, object, oldObject }: AdmissionRequest, found: WorkloadReferences): Changes {
  if (operation !== 'UPDATE' || oldObject === null) return ALL_NEW;
  const before = extractReferences(oldObject);
  const references = new Set(before.references.map(keyOf));
  const unresolved = new Set(before.unresolved.flatMap((one) => unresolvedKey(one, oldObject) ?? []));
  const images = new Set(before.images.map(imageKey));
  const isNewReference = (one: WorkloadReference) => !references.has(keyOf(one));
  const isNewUnresolved = (one: Unresolved) => {
    const key = unresolvedKey(one, object);
    return key === undefined || !unresolved.has(key);
  };
  const newImages = found.images.some((image) => !images.has(imageKey(image)));
  const nothing = !newImages && !found.references.some(isNewReference) && !found.unresolved.some(isNewUnresolved);
  return { nothing, reference: isNewReference, unresolved: isNewUnresolved, images: newImages };
}

function keyOf(found: WorkloadReference): string {
  return `${found.role} ${referenceKey(found)}`;
}

function imageKey({ reference, container }: WorkloadImage): string {
  return `${reference} ${container ?? ''}`;
}

/**
 * What cannot be told is the same where the same is written: a script, the name of a secret. A text with variables is as these are.
 * @returns `undefined` for what was not read to its end: whether it is the same cannot be told
 */
function unresolvedKey({ where, why }: Unresolved, object: unknown): string | undefined {
  if (where === '') return undefined;
  const { value, container } = valueAt(object, where);
  const written = JSON.stringify(value) ?? '';
  const variables = written.includes('$(') ? (JSON.stringify(own(container, 'env')) ?? '') : '';
  return [why, written, variables].join('\n');
}

/** What a JSON pointer leads to, and the nearest object on the way that has variables. */
function valueAt(object: unknown, pointer: string): { readonly value: unknown; readonly container: unknown } {
  let value = object;
  let container: unknown;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) value = /^\d+$/.test(name) ? value[Number(name)] : undefined;
    else value = own(value, name);
    if (own(value, 'env') !== undefined) container = value;
  }
  return { value, container };
}
