import type { PatchOperation } from '../patch.ts';

/** A value that a JSON pointer (RFC 6901) leads to; `undefined` where it leads nowhere. */
export function valueAt(object: unknown, pointer: string): unknown {
  let value = object;
  for (const name of stepsOf(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/**
 * A copy of an object with a patch applied.
 * @returns `undefined` where an operation leads nowhere
 */
export function applied(object: unknown, patch: readonly PatchOperation[]): unknown {
  const copy: unknown = structuredClone(object);
  return patch.every((operation) => apply(copy, operation)) ? copy : undefined;
}

function apply(object: unknown, operation: PatchOperation): boolean {
  const slash = operation.path.lastIndexOf('/');
  const parent = valueAt(object, operation.path.slice(0, slash));
  const [name = ''] = stepsOf(operation.path.slice(slash));
  if (typeof parent !== 'object' || parent === null) return false;
  const value = operation.op === 'remove' ? undefined : structuredClone(operation.value);
  if (Array.isArray(parent)) return applyToList(parent, name, operation.op, value);
  if (operation.op !== 'add' && !Object.hasOwn(parent, name)) return false;
  // Never through a setter of the prototype.
  if (operation.op === 'remove') return Reflect.deleteProperty(parent, name);
  return Reflect.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
}

function applyToList(list: unknown[], name: string, op: PatchOperation['op'], value: unknown): boolean {
  const index = name === '-' && op === 'add' ? list.length : Number(name);
  const last = op === 'add' ? list.length : list.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > last) return false;
  if (op === 'replace') list[index] = value;
  else if (op === 'remove') list.splice(index, 1);
  else list.splice(index, 0, value);
  return true;
}

function stepsOf(pointer: string): readonly string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
