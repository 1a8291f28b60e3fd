import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type AsyncDisposableStack } from '../../core/index.ts';
import type { Hdf5File, Hdf5Object, Hdf5Options, Hdf5Type } from '../hdf5/index.ts';

/** An array of weights. Its elements stay in the file, unless they are stored in chunks. */
export interface KerasArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: Hdf5Type;
  readonly bytes: ByteSource;
}

export type KerasWeights =
  /** Of Keras 2, and of `.h5` files: lists, by the names of layers, in the order of the layers. */
  | { readonly kind: 'by-layer'; readonly layers: ReadonlyMap<string, readonly KerasArray[]> }
  /** Of `.keras` files: by the paths of layers, which are made of their classes. */
  | { readonly kind: 'by-path'; readonly groups: ReadonlyMap<string, KerasVariables> };

export interface KerasVariables {
  /** The name of the layer, where the file has it. */
  readonly owner: string | undefined;
  /** By their numbers, for the layers of Keras itself. */
  readonly arrays: ReadonlyMap<string, KerasArray>;
}

export interface WeightOptions extends Hdf5Options {
  /** Closes temporary files once the weights are written. */
  readonly resources: AsyncDisposableStack;
}

/** Groups and arrays of one file. */
const MAX_OBJECTS = 1_000_000;

/** Reads the weights of one file. */
export class WeightReader {
  readonly #file: Hdf5File;
  readonly #options: WeightOptions;
  #objects = 0;

  constructor(file: Hdf5File, options: WeightOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** The weights of `model_weights`: lists by names of layers. */
  async byLayer(): Promise<KerasWeights> {
    const root = await this.#file.find(['model_weights']);
    if (root === undefined) throw this.#wrong('the model has no model_weights');
    const layers = new Map<string, readonly KerasArray[]>();
    for (const name of await this.#names(root, 'layer_names')) {
      if (layers.has(name)) throw this.#wrong(`model_weights has the layer ${shown(name)} twice`);
      layers.set(name, await this.#layer(name));
    }
    const top = await this.#file.find(['model_weights', 'top_level_model_weights']);
    if (top !== undefined && (await this.#names(top, 'weight_names')).length > 0)
      throw new AssayError('unsupported', 'the model has weights that belong to no layer', {
        subject: this.#file.name,
      });
    return { kind: 'by-layer', layers };
  }

  async #layer(name: string): Promise<readonly KerasArray[]> {
    const group = await this.#file.find(['model_weights', ...name.split('/')]);
    if (group === undefined) throw this.#wrong(`model_weights lacks the layer ${shown(name)}`);
    const arrays: KerasArray[] = [];
    for (const weight of await this.#names(group, 'weight_names')) {
      const object = await this.#file.find(['model_weights', ...name.split('/'), ...weight.split('/')]);
      arrays.push(await this.#array(object, weight));
    }
    return arrays;
  }

  /** The texts of an attribute, which stands in several parts (`names0`, `names1`, ...) where it is too long for one. */
  async #names(object: Hdf5Object, name: string): Promise<readonly string[]> {
    const whole = object.attributes.get(name);
    if (whole !== undefined) {
      // NumPy makes an empty list one of numbers.
      return whole.data.left === 0 ? [] : await this.#file.texts(whole);
    }
    const texts: string[] = [];
    for (let part = 0; ; part++) {
      const attribute = object.attributes.get(`${name}${part}`);
      if (attribute === undefined) return texts;
      texts.push(...(await this.#file.texts(attribute)));
    }
  }

  /** The weights of a `.keras` file: each group `vars` below the layers, by its path. */
  async byPath(): Promise<KerasWeights> {
    const groups = new Map<string, KerasVariables>();
    const known = new Set<Hdf5Object>();
    const root = await this.#file.root();
    // Optimizers and metrics stand beside the layers.
    const open = [...LAYERS, VARIABLES].flatMap((name) => (root.links.has(name) ? [[name]] : []));
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const object = await this.#object(path);
      if (known.has(object)) throw this.#wrong(`${shown(path.join('/'))} has two names`);
      known.add(object);
      if (path.at(-1) === VARIABLES) {
        const at = path.slice(0, -1).map((name) => (LAYERS.includes(name) ? 'layers' : name));
        if (groups.has(at.join('/'))) throw this.#wrong(`the weights of ${shown(at.join('/'))} are there twice`);
        groups.set(at.join('/'), await this.#variables(object, path));
      } else for (const name of object.links.keys()) open.push([...path, name]);
    }
    return { kind: 'by-path', groups };
  }

  async #variables(object: Hdf5Object, path: readonly string[]): Promise<KerasVariables> {
    const arrays = new Map<string, KerasArray>();
    for (const key of object.links.keys()) {
      const name = [...path, key];
      arrays.set(key, await this.#array(await this.#file.find(name), name.join('/')));
    }
    const attribute = object.attributes.get('name');
    const [owner] = attribute === undefined ? [] : await this.#file.texts(attribute);
    return { owner, arrays };
  }

  async #object(path: readonly string[]): Promise<Hdf5Object> {
    const object = await this.#file.find(path);
    if (object === undefined || object.dataset !== undefined || ++this.#objects > MAX_OBJECTS)
      throw this.#wrong(`${shown(path.join('/'))} is not a group of a Keras file`);
    return object;
  }

  async #array(object: Hdf5Object | undefined, name: string): Promise<KerasArray> {
    const dataset = object?.dataset;
    if (dataset === undefined) throw this.#wrong(`the weight ${shown(name)} is not there`);
    if (++this.#objects > MAX_OBJECTS) throw this.#wrong(`has more than ${MAX_OBJECTS} weights`);
    this.#options.budget.hold(512);
    const bytes = await this.#file.elements(dataset);
    this.#options.resources.defer(() => bytes.close());
    // Its elements are those of another type, which HDF5 does not have.
    const other = object?.attributes.has('dtype') === true && dataset.type.kind !== 'other';
    const type: Hdf5Type = other ? { kind: 'other', size: dataset.type.size, name: 'bfloat16' } : dataset.type;
    return { name, shape: dataset.shape, type, bytes };
  }

  #wrong(problem: string): AssayError {
    return new AssayError('malformed', problem, { subject: this.#file.name });
  }
}

/** The group of layers; Keras 2.12 and 2.13 have the second name. */
const LAYERS: readonly string[] = ['layers', '_layer_checkpoint_dependencies'];
const VARIABLES = 'vars';

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 120));
}
