import { allocationOf } from './allocation.ts';
import { type KerasLists, kerasLists, type ListedClass } from './classes.ts';
import { isNull, type KerasNode, textsUnder, valuesUnder } from './document.ts';
import { Findings, inQuotes, type KerasContext } from './findings.ts';
import { judgeFunction, judgeModules, judgeOutside } from './names.ts';
import { SPECIAL } from './special.ts';
import { textIsKnown } from './texts.ts';
import type { KindsHere, Walk } from './walk.ts';

/** Arguments of lookup layers that are a list, or the path of a file. */
const PATHS: ReadonlySet<string> = new Set(['vocabulary', 'idf_weights']);
/** The kinds of objects under the keys of what a model is compiled with. */
const COMPILED: ReadonlyMap<string, KindsHere> = new Map<string, KindsHere>([
  ['optimizer', ['optimizer']],
  ['optimizer_config', ['optimizer']],
  ['loss', ['function', 'loss']],
  ['metrics', ['function', 'metric', 'loss']],
  ['weighted_metrics', ['function', 'metric', 'loss']],
]);
/** Objects that are lists to a loader. */
const LISTS: ReadonlySet<string> = new Set(['__tuple__', '__tensor__', '__numpy__']);
const SIBLINGS: ReadonlySet<string> = new Set(['class_name', 'config', 'module', 'registered_name', 'compile_config']);

/** Judges the objects of one configuration, in every way that a loader can read it. */
export class ObjectJudge implements Walk {
  readonly lists: KerasLists = kerasLists();
  readonly findings = new Findings();
  readonly context: KerasContext;
  readonly widths: [number, number] = [0, 0];
  /** Objects of the form that Keras writes, and mappings that only have the key. */
  objects = 0;
  mappings = 0;
  /** Whether something is of Keras, whatever else the document may be. */
  isKeras = false;

  constructor(context: KerasContext) {
    this.context = context;
  }

  /** Every value below a node. @param place the kinds of objects that may stand here */
  walk(node: KerasNode, place: KindsHere, path: string): void {
    this.context.budget.work(16);
    if (node.kind === 'list') for (const item of node.items) this.walk(item, place, path);
    if (node.kind !== 'object') return;
    const names = valuesUnder(node, 'class_name');
    if (names.length > 0) this.#object(node, names, place, path);
    else for (const { key, value } of node.entries) this.walk(value, place, `${path}.${key.slice(0, 40)}`);
  }

  /** An object with a name that only Keras gives a meaning. */
  noteKeras(node: KerasNode): void {
    if (valuesUnder(node, 'config').length > 0) this.isKeras = true;
  }

  /** What a model is compiled with: `compile_config`, and `training_config` of `.h5` files. */
  compiled(node: KerasNode, path: string): void {
    if (node.kind !== 'object') this.walk(node, undefined, path);
    for (const { key, value } of node.kind === 'object' ? node.entries : []) {
      const place = COMPILED.get(key);
      if (place === undefined) this.walk(value, undefined, `${path}.${key.slice(0, 40)}`);
      else this.value(value, key, place, `${path}.${key}`);
    }
  }

  #object(node: KerasNode, names: readonly KerasNode[], place: KindsHere, path: string): void {
    const isObject = node.kind === 'object' && node.entries.some(({ key }) => key === 'config' || key === 'module');
    if (isObject || names.every((name) => name.kind === 'text' && SPECIAL.has(name.text))) this.objects++;
    else this.mappings++;
    for (const name of names) {
      if (name.kind === 'text') this.#named(name.text, node, place, path);
      else this.findings.add('structure', path, `${path} has a class_name that is not a text.`);
    }
    if (node.kind !== 'object') return;
    for (const { key, value } of node.entries) {
      if (key === 'compile_config' || key === 'training_config') this.compiled(value, `${path}.${key}`);
      else if (!SIBLINGS.has(key)) this.walk(value, undefined, `${path}.${key.slice(0, 40)}`);
    }
  }

  #named(name: string, node: KerasNode, place: KindsHere, path: string): void {
    const special = SPECIAL.get(name);
    if (special !== undefined) {
      // Other versions look the same name up in the module.
      if (name !== '__typespec__') judgeModules(this, name, node, path);
      special(this, node, path);
    } else if (name === 'function') judgeFunction(this, node, path);
    else this.#ofClass(name, node, place, path);
  }

  #ofClass(name: string, node: KerasNode, place: KindsHere, path: string): void {
    const modules = textsUnder(node, 'module');
    if (modules.some((module) => module === 'keras' || module.startsWith('keras.'))) this.isKeras = true;
    const listed = judgeOutside(this, name, node, path) ? [] : this.#listed(name, modules, node, path);
    if (listed.length === 0) {
      // What it holds may be known, and worse.
      for (const config of valuesUnder(node, 'config')) this.walk(config, undefined, path);
      return;
    }
    if (listed.some(({ kind }) => kind === 'model')) this.isKeras = true;
    this.#placed(name, listed, place, path);
    const own = `${path} (${name})`;
    for (const config of valuesUnder(node, 'config')) this.#config(name, listed, config, own);
    allocationOf(this, name, node, own);
  }

  /** The listed classes that a loader can find by the name, where the module says. */
  #listed(name: string, modules: readonly string[], node: KerasNode, path: string): readonly ListedClass[] {
    const all = this.lists.classes.get(name) ?? [];
    const registered = textsUnder(node, 'registered_name').filter((one) => one !== name && !one.startsWith('keras>'));
    for (const one of registered) {
      this.findings.add(
        'custom',
        one,
        `${path} is the class ${inQuotes(one)}, which a program registers: Keras takes the class of that name, whatever it does.`,
      );
    }
    if (all.length === 0 && registered.length > 0) return [];
    if (all.length === 0) {
      const custom = name.includes('>');
      const what = custom ? 'a class that a program registers' : 'not a class that Keras is known to load';
      const message = `${path} has the class ${inQuotes(name)}, which is ${what}.`;
      this.findings.add(custom ? 'custom' : 'unlisted', name, message);
      return [];
    }
    if (modules.length === 0) return all;
    const found = all.filter((one) => modules.every((module) => one.modules.has(module)));
    if (found.length > 0) return found;
    const pair = `${modules.join('|').slice(0, 100)}.${name}`;
    this.findings.add(
      'unlisted',
      pair,
      `${path} names ${inQuotes(pair)}: no listed version of Keras has the class there.`,
    );
    return all;
  }

  #placed(name: string, listed: readonly ListedClass[], place: KindsHere, path: string): void {
    if (place === undefined || listed.some(({ kind }) => place.includes(kind))) return;
    // A layer can be a function, and a metric a loss.
    this.findings.add(
      'structure',
      `${name} as ${place.join('|')}`,
      `${path} is the ${listed[0]?.kind ?? 'object'} ${inQuotes(name)}, where Keras expects: ${place.join(', ')}.`,
    );
  }

  #config(name: string, listed: readonly ListedClass[], config: KerasNode, path: string): void {
    if (isNull(config)) return;
    // Before Keras 2.2.3, the configuration of a Sequential was the list of its layers.
    if (config.kind === 'list' && name === 'Sequential') {
      this.walk(config, this.lists.objects.get('layers'), `${path}.layers`);
      return;
    }
    if (config.kind !== 'object') {
      this.findings.add('structure', `${name} config`, `${path} has a configuration that is not an object.`);
      return;
    }
    for (const { key, value } of config.entries) {
      if (!listed.some((one) => one.arguments.has(key)) && !isNull(value))
        this.findings.add(
          'unlisted',
          `${name}.${key.slice(0, 80)}`,
          `${path} has the argument ${inQuotes(key)}, which no listed version of Keras takes.`,
        );
      if (PATHS.has(key)) this.#vocabulary(name, key, value, path);
      else this.value(value, key, this.lists.objects.get(key), `${path}.${key.slice(0, 40)}`);
    }
  }

  /** A list of words is part of the model; a text is the path of a file that Keras opens. */
  #vocabulary(name: string, key: string, value: KerasNode, path: string): void {
    if (value.kind === 'object') {
      this.walk(value, undefined, path);
      if (
        !textsUnder(value, 'class_name').every((one) => LISTS.has(one)) ||
        textsUnder(value, 'class_name').length === 0
      )
        this.findings.add('unlisted', `${name}.${key}`, `${path} takes its ${key} from an object that is not a list.`);
    }
    if (value.kind !== 'text') return;
    const away = /^[a-z][a-z0-9+.-]*:\/\//i.test(value.text);
    const message = `${path} takes its ${key} from ${inQuotes(value.text)}: Keras 2 in every mode, and Keras 3 (since 3.12 only with safe_mode=False), ${away ? 'connects to that address' : 'opens that file'} when the model is loaded.`;
    this.findings.add(away ? 'dangerous' : 'outsideFile', `${name}.${key}`, message, value.text);
  }

  /** A value of an argument. @param place the kinds of objects that it may hold; `undefined` for plain values */
  value(value: KerasNode, key: string, place: KindsHere, path: string): void {
    this.context.budget.work(16);
    if (value.kind === 'list') for (const item of value.items) this.value(item, key, place, path);
    else if (value.kind === 'text') this.#text(value.text, key, place, path);
    else if (value.kind === 'object') {
      if (valuesUnder(value, 'class_name').length > 0) this.walk(value, place, path);
      else for (const entry of value.entries) this.value(entry.value, key, place, `${path}.${entry.key.slice(0, 40)}`);
    }
  }

  #text(text: string, key: string, place: KindsHere, path: string): void {
    if (textIsKnown(this.lists, text, key, place)) return;
    const what = place?.includes('function') === true ? 'custom' : 'unlisted';
    this.findings.add(
      what,
      `${key.slice(0, 80)}=${text.slice(0, 80)}`,
      `${path} is ${inQuotes(text)}, which ${what === 'custom' ? 'is not a function of Keras: a program has to give it' : 'no listed version of Keras takes'}.`,
    );
  }
}
