import { pythonBrings } from '../../lists/index.ts';
import { type KerasNode, textsUnder, valuesUnder } from './document.ts';
import { inQuotes } from './findings.ts';
import type { Walk } from './walk.ts';

const MODES = {
  import: 'Keras 2 imports it in every mode, Keras 3 before 3.9 too; later versions refuse it',
  own: 'Keras 2 calls it in every mode, Keras 3 before 3.11 too; later versions refuse it with safe_mode',
} as const;

/**
 * Judges a class that is not one of Keras', or that is known to do more than compute.
 * @returns false for a name that only the lists can judge
 */
export function judgeOutside(judge: Walk, name: string, node: KerasNode, path: string): boolean {
  const { dangers } = judge.lists;
  const known = dangers.classes.get(name);
  if (known !== undefined) {
    judge.noteKeras(node);
    judge.findings.add('dangerous', name, `${path} is a ${name}, which ${known.why}. ${known.runs}.`);
    return true;
  }
  // Loaders of `.h5` files find functions beside the layers, and call them with the configuration.
  if (dangers.functions.has(name)) {
    judge.findings.add(
      'dangerous',
      name,
      `${path} names the function ${inQuotes(name)} in place of a class: it does more than compute. ${MODES.own}.`,
    );
    return true;
  }
  return judgeModules(judge, name, node, path);
}

/** @returns whether a module is judged, and is not one of layers */
export function judgeModules(judge: Walk, name: string, node: KerasNode, path: string): boolean {
  let outside = false;
  for (const module of textsUnder(node, 'module')) outside = judgeModule(judge, module, name, path) || outside;
  return outside;
}

/** @returns whether the module is judged, and is not one of layers */
function judgeModule(judge: Walk, module: string, name: string, path: string): boolean {
  const full = `${module}.${name}`;
  const danger = dangerOf(judge, module, name);
  if (danger !== undefined) {
    judge.findings.add('dangerous', full, `${path} names ${inQuotes(full)}, which ${danger}.`);
    return true;
  }
  if (isOfKeras(module)) return false;
  judge.findings.add(
    'custom',
    full,
    `${path} names ${inQuotes(full)}, which is not part of Keras. Keras 2 imports that module and calls what it finds; Keras 3 takes it from what the program registers.`,
  );
  return true;
}

function isOfKeras(module: string): boolean {
  return /^(?:keras|tf_keras)(?:\.[A-Za-z_]\w*)*$/.test(module);
}

/** Why a name of a module does more than compute; `undefined` when nothing is known against it. */
function dangerOf(judge: Walk, module: string, name: string): string | undefined {
  const { globals } = judge.context;
  const { modules } = judge.lists.dangers;
  const listed = judge.lists.classes.get(name)?.some((one) => one.modules.has(module)) === true;
  if (listed || judge.lists.functions.get(name)?.has(module) === true) return undefined;
  const parts = module.split('.');
  for (let count = parts.length; count > 0; count--) {
    const why = modules.get(parts.slice(0, count).join('.'));
    if (why !== undefined) return `is not a class of a model: ${why}. ${MODES.own}`;
  }
  // What a name of Keras can do is told by the lists of Keras.
  if (isOfKeras(module)) return undefined;
  const standing = globals.standing({ module, name, mapped: false });
  if (standing.kind === 'dangerous') return `${standing.danger} (CVE-2025-1550). ${MODES.import}`;
  if (module === 'builtins' || module === '__builtin__') return `is a function of Python itself. ${MODES.import}`;
  if (module.split('.').some((part) => part.startsWith('__') && part !== '__main__'))
    return `walks over names that Python keeps for itself. ${MODES.import}`;
  if (pythonBrings(module) || pythonBrings(parts[0] ?? ''))
    return `is part of Python's standard library, not of Keras (CVE-2025-1550). ${MODES.import}`;
  return undefined;
}

/** `{"class_name": "function", "config": NAME, "module": ..., "registered_name": ...}` */
export function judgeFunction(judge: Walk, node: KerasNode, path: string): void {
  const names = [...textsUnder(node, 'config'), ...textsUnder(node, 'registered_name')].filter(
    (name) => name !== 'function',
  );
  const modules = textsUnder(node, 'module');
  for (const config of valuesUnder(node, 'config')) if (config.kind !== 'text') judge.walk(config, undefined, path);
  if (names.length === 0) judge.findings.add('structure', path, `${path} is a function without a name.`);
  for (const name of names) {
    if (judge.lists.dangers.functions.has(name)) {
      judge.findings.add(
        'dangerous',
        name,
        `${path} is the function ${inQuotes(name)}, which does more than compute. ${MODES.own}.`,
      );
      continue;
    }
    for (const module of modules.length === 0 ? ['builtins'] : modules) judgeFunctionOf(judge, module, name, path);
  }
}

function judgeFunctionOf(judge: Walk, module: string, name: string, path: string): void {
  const places = judge.lists.functions.get(name);
  if (places?.has(module) === true) return;
  // The registered name of a function of Keras says where it is from.
  const last = name.slice(name.lastIndexOf('>') + 1);
  if (name.startsWith('keras') && judge.lists.functions.get(last)?.has(module) === true) return;
  const danger = module === 'builtins' ? undefined : dangerOf(judge, module, name);
  if (danger !== undefined) {
    judge.findings.add(
      'dangerous',
      `${module}.${name}`,
      `${path} names the function ${inQuotes(`${module}.${name}`)}, which ${danger}.`,
    );
    return;
  }
  judge.findings.add(
    'custom',
    `${module}.${name}`,
    `${path} is the function ${inQuotes(name)} of ${inQuotes(module)}, which is not a function of Keras: Keras 2 imports that module, Keras 3 takes what the program registers.`,
  );
}
