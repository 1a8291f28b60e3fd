import { AssayError, type FileBudget } from '../../core/index.ts';
import { type NetworkXmlEvents, readXml, type XmlTag } from './xml.ts';

export interface OpenvinoLayer {
  readonly type: string;
  /** The operation set, such as `opset1`; empty in models before version 10. */
  readonly set: string;
  readonly name: string;
  readonly offset: number;
}

/** Where the elements of a constant lie in the file beside the model. */
export interface OpenvinoConstant {
  readonly name: string;
  readonly type: string;
  readonly shape: string;
  readonly start: string;
  readonly size: string;
  readonly offset: number;
}

export interface OpenvinoText {
  readonly key: string;
  readonly value: string;
  readonly offset: number;
}

/** What is in an OpenVINO model, in the order of the file. */
export interface OpenvinoModel {
  readonly version: number;
  readonly layers: readonly OpenvinoLayer[];
  readonly constants: readonly OpenvinoConstant[];
  /** Values of attributes, where they are longer than a number or a word. */
  readonly texts: readonly OpenvinoText[];
  readonly oddities: readonly OpenvinoText[];
}

const MAX_LAYERS = 1_000_000;
const MAX_TEXTS = 100_000;
const KEPT_BYTES = 200;
/** Shorter values, and lists of numbers, are not looked at. */
const PLAIN = /^[-+\w.,: ]*$/;
/** Elements in which layers stand: the model and bodies of loops and branches. */
const LAYERS = 'layers';

/**
 * Reads an OpenVINO model (https://docs.openvino.ai/2025/documentation/openvino-ir-format.html).
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit`
 */
export function readOpenvino(text: string, budget: FileBudget): OpenvinoModel {
  const reader = new ModelReader(budget);
  readXml(text, reader, budget);
  return reader.model();
}

class ModelReader implements NetworkXmlEvents {
  readonly #budget: FileBudget;
  readonly #path: string[] = [];
  readonly #open: (OpenvinoLayer | undefined)[] = [];
  readonly #layers: OpenvinoLayer[] = [];
  readonly #constants: OpenvinoConstant[] = [];
  readonly #texts: OpenvinoText[] = [];
  readonly #oddities: OpenvinoText[] = [];
  readonly #ids: Set<string>[] = [];
  #version = 0;

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  model(): OpenvinoModel {
    const [layers, constants, texts] = [this.#layers, this.#constants, this.#texts];
    return { version: this.#version, layers, constants, texts, oddities: this.#oddities };
  }

  open(tag: XmlTag, depth: number): void {
    const parent = this.#path.at(-1);
    this.#path[depth] = tag.name;
    this.#path.length = depth + 1;
    if (depth === 0) this.#root(tag);
    let layer: OpenvinoLayer | undefined;
    if (tag.name === 'layer' && parent === LAYERS) layer = this.#layer(tag);
    else if (tag.name === LAYERS) this.#ids.push(new Set());
    else if (tag.name === 'data' && parent === 'layer') this.#data(tag);
    this.#open[depth] = layer;
    this.#open.length = depth + 1;
    for (const [name, value] of tag.attributes) this.#look(`${tag.name}.${name}`, value, tag);
  }

  close(name: string, depth: number): void {
    if (name === LAYERS) this.#ids.pop();
    this.#path.length = depth;
    this.#open.length = depth;
  }

  text(value: string, offset: number): void {
    if (!PLAIN.test(value.trim())) this.#keep(this.#texts, { key: this.#path.at(-1) ?? '', value, offset }, MAX_TEXTS);
  }

  #root({ name, attributes, offset }: XmlTag): void {
    if (name !== 'net') throw new AssayError('malformed', 'the root of an OpenVINO model is not <net>', { offset });
    const version = attributes.get('version') ?? '';
    this.#version = /^\d{1,4}$/.test(version) ? Number(version) : 0;
  }

  #layer({ attributes, offset }: XmlTag): OpenvinoLayer {
    const [id = '', type = '', set = '', name = ''] = ['id', 'type', 'version', 'name'].map((key) =>
      attributes.get(key),
    );
    const ids = this.#ids.at(-1);
    if (ids?.has(id) === true)
      this.#keep(this.#oddities, { key: `layer ${id}`, value: 'comes twice', offset }, MAX_TEXTS);
    ids?.add(id);
    const layer = { type, set, name, offset };
    this.#keep(this.#layers, layer, MAX_LAYERS);
    return layer;
  }

  #data({ attributes, offset }: XmlTag): void {
    const layer = this.#open.at(-1);
    const [start, size] = [attributes.get('offset'), attributes.get('size')];
    if (layer === undefined || (layer.type !== 'Const' && (start === undefined || size === undefined))) return;
    const [type = '', shape = ''] = [attributes.get('element_type'), attributes.get('shape')];
    const constant = { name: layer.name, type, shape, start: start ?? '', size: size ?? '', offset };
    this.#keep(this.#constants, constant, MAX_LAYERS);
  }

  #look(key: string, value: string, { offset, attributes }: XmlTag): void {
    if (PLAIN.test(value)) return;
    // An entry of the notes at the end is named by another attribute.
    const named = attributes.get('name');
    const own = key.endsWith('.value') && named !== undefined ? `${named}.value` : key;
    this.#keep(this.#texts, { key: own, value, offset }, MAX_TEXTS);
  }

  #keep<T>(list: T[], one: T, most: number): void {
    if (list.length >= most)
      throw new AssayError('limit', `an OpenVINO model with more than ${most} parts of one kind`);
    this.#budget.hold(KEPT_BYTES);
    list.push(one);
  }
}
