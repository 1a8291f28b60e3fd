import { AssayError } from '../../core/index.ts';
import { isList, isRecord, type KerasJson, type KerasRecord, kerasKey } from './json.ts';

/** An object of a configuration: the name of a class, and what the class is given. */
export interface KerasObject {
  readonly className: string;
  readonly config: KerasRecord;
  /** What stands beside them, such as `inbound_nodes`. */
  readonly beside: KerasRecord;
}

const HINT = 'convert it where its code is, or replace it with a layer of Keras';

/** An error for an object that needs code which the file does not hold, or holds as bytes. */
export function hasCode(what: string, subject: string): AssayError {
  const message = `${what} has code that is not in the file`;
  return new AssayError('unsupported', message, { subject, hint: HINT });
}

/**
 * The object that a value of a configuration describes.
 * @param where the path to it, for messages
 * @throws AssayError `malformed` for another value; `unsupported` for a class that is not one of Keras
 */
export function kerasObject(value: KerasJson | undefined, where: string, subject: string): KerasObject {
  const refuse = (what: string) => new AssayError('malformed', `${where} ${what}`, { subject });
  if (!isRecord(value)) throw refuse('does not describe an object');
  const className = kerasKey(value, 'class_name');
  if (typeof className !== 'string' || className === '') throw refuse('has no class_name');
  checkClass(value, className, where, subject);
  const given = kerasKey(value, 'config');
  // Before Keras 2.2.3, the configuration of a Sequential was the list of its layers.
  const config = isList(given) && className === 'Sequential' ? { layers: given } : given;
  if (!isRecord(config)) throw refuse('has no config');
  return { className, config, beside: value };
}

/** Keys of what is not looked at: it says how a model is trained, or repeats shapes. */
const PASSED: ReadonlySet<string> = new Set(['compile_config', 'build_config']);
const MAX_SHOWN = 80;

/**
 * Looks for objects whose code is not Keras' own, wherever they are in the configuration of a model: layers, activations,
 * initializers, and all else that is made when it is loaded.
 * @throws AssayError `unsupported`, naming the object and where it is
 */
export function refuseCode(config: KerasRecord, subject: string): void {
  const open: { readonly value: KerasJson; readonly where: string }[] = [{ value: config, where: 'model' }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, where } = next;
    if (isList(value)) {
      for (const [index, item] of value.entries())
        if (typeof item === 'object' && item !== null) open.push({ value: item, where: `${where}[${index}]` });
    } else if (isRecord(value)) {
      const className = kerasKey(value, 'class_name');
      if (typeof className === 'string') checkClass(value, className, where, subject);
      for (const [key, item] of Object.entries(value)) {
        if (typeof item !== 'object' || item === null || PASSED.has(key)) continue;
        open.push({ value: item, where: `${where}.${key.slice(0, MAX_SHOWN)}` });
      }
    }
  }
}

/** Classes that are code: marshalled bytes of Python, or a function that is looked up by its name. */
const CODE: ReadonlySet<string> = new Set(['Lambda', '__lambda__', 'function']);

function checkClass(value: KerasRecord, className: string, where: string, subject: string): void {
  const title = `${className.slice(0, MAX_SHOWN)} (${where})`;
  if (CODE.has(className)) throw hasCode(title, subject);
  const [module, registered] = [kerasKey(value, 'module'), kerasKey(value, 'registered_name')];
  if (module !== undefined && module !== null) {
    if (typeof module !== 'string')
      throw new AssayError('malformed', `${where} has a module that is not text`, { subject });
    if (module !== 'keras' && !module.startsWith('keras.'))
      throw hasCode(`${module.slice(0, MAX_SHOWN)}.${title}`, subject);
  }
  // Keras 2 and 3 write it for classes of others alone; for their own, it is null or the name of the class.
  if (typeof registered === 'string' && registered !== className)
    throw hasCode(`${registered.slice(0, MAX_SHOWN)} (${where})`, subject);
}
