import { AssayError, type FileBudget } from '../../core/index.ts';
import type { SchemaFault, SchemaField, SchemaVisitor } from '../../formats/protobuf/schemas/index.ts';
import type { HeldBuffer } from '../scanner/index.ts';

/** A name that a model gives, with the first place of it. */
export interface Named {
  readonly name: string;
  readonly offset: number;
  count: number;
}

export interface BlobPlace {
  readonly file: string;
  readonly place: number;
  readonly offset: number;
}

export interface MetadataText {
  readonly key: string;
  readonly value: string;
  readonly offset: number;
}

const WEIGHTS = /^(?:WeightParams|MILSpec\.TensorValue\.\w+)$/;
const MAX_KEPT = 20_000;
const KEPT_BYTES = 128;
/** Models whose content Apple's frameworks read, and whose form is not published. */
const CLOSED = /^CoreMLModels\.(?:TextClassifier|WordTagger|Gazetteer|WordEmbedding)$|^SerializedModel$/;
/** Shorter content is not told apart from the message around it. */
const MIN_CONTENT = 64;

/** Gathers what a model of Core ML names while its messages are walked. */
export class CoremlSurvey implements SchemaVisitor {
  readonly classes = new Map<string, Named>();
  readonly operations = new Map<string, Named>();
  readonly closed = new Map<string, Named>();
  readonly linked: MetadataText[] = [];
  readonly blobs: BlobPlace[] = [];
  readonly held: HeldBuffer[] = [];
  readonly metadata: MetadataText[] = [];
  readonly faults: SchemaFault[] = [];
  /** Versions of the specification, of the model and of those in its pipelines. */
  readonly versions = new Set<number>();
  readonly contents: { readonly start: number; readonly end: number }[] = [];
  /** Models that do not say of which kind they are, and layers likewise. */
  readonly empty = new Map<string, Named>();
  faultCount = 0;
  readonly #budget: FileBudget;
  readonly #open: { message: string; via: string; start: number; filled: boolean; text: string; number: number }[] = [];

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  enter(message: string, field: SchemaField | undefined, start: number): void {
    const parent = this.#open.at(-1);
    if (parent !== undefined && field !== undefined && field.group >= 0) parent.filled = true;
    this.#open.push({ message, via: field?.name ?? '', start, filled: false, text: '', number: 0 });
    if (CLOSED.test(message)) this.#count(this.closed, message.replace('CoreMLModels.', ''), start);
  }

  leave(message: string): void {
    const own = this.#open.pop();
    if (own === undefined) return;
    if (message === 'CustomModel' || message === 'CustomLayerParams') this.#count(this.classes, own.text, own.start);
    else if ((message === 'Model' || message === 'NeuralNetworkLayer') && !own.filled)
      this.#count(this.empty, message, own.start);
    else if (message === 'MILSpec.Value.BlobFileValue')
      this.#keep(this.blobs, { file: own.text, place: own.number, offset: own.start });
    else if (message === 'MILSpec.Operation') this.#count(this.operations, own.text, own.start);
  }

  text({ message, name }: SchemaField, value: string, offset: number): void {
    const own = this.#open.at(-1);
    if (own === undefined) return;
    if (name === 'className' || name === 'fileName' || (message === 'MILSpec.Operation' && name === 'type'))
      own.text = value;
    else if (message === 'StringParameter' && own.via.startsWith('linkedModel'))
      this.#keep(this.linked, { key: own.via, value, offset });
    else if (this.#isMetadata(message)) this.#keep(this.metadata, { key: name, value, offset });
  }

  number({ message, name, group }: SchemaField, value: number): void {
    const own = this.#open.at(-1);
    if (own === undefined) return;
    if (group >= 0) own.filled = true;
    if (name === 'specificationVersion') this.versions.add(value);
    else if (message === 'MILSpec.Value.BlobFileValue') own.number = value;
  }

  content({ message, name, kind, group }: SchemaField, start: number, end: number): void {
    const own = this.#open.at(-1);
    if (own !== undefined && group >= 0) own.filled = true;
    if (end - start < MIN_CONTENT) return;
    const numbers = kind !== 's' && (kind !== 'b' || WEIGHTS.test(message));
    this.#keep(this.held, { where: `${message}.${name}`, start, end, numbers });
    const last = this.contents.at(-1);
    if (last === undefined || last.end < start) this.#keep(this.contents, { start, end }, Number.POSITIVE_INFINITY);
  }

  fault(fault: SchemaFault): void {
    const own = this.#open.at(-1);
    // A kind that is not known is reported as such, and not as missing.
    if (own !== undefined && fault.kind === 'unknown-field') own.filled = true;
    this.faultCount++;
    if (this.faults.length < MAX_KEPT) this.#keep(this.faults, fault);
  }

  /** `Metadata`, and its map of the author's own texts. */
  #isMetadata(message: string): boolean {
    return message === 'Metadata' || message === 'Metadata.UserDefinedEntry' || message.endsWith('.ParametersEntry');
  }

  #count(map: Map<string, Named>, name: string, offset: number): void {
    const known = map.get(name);
    if (known !== undefined) known.count++;
    else {
      this.#charge(map.size);
      map.set(name, { name, offset, count: 1 });
    }
  }

  #keep<T>(list: T[], one: T, most = MAX_KEPT): void {
    this.#charge(list.length, most);
    list.push(one);
  }

  #charge(size: number, most = MAX_KEPT): void {
    if (size >= most) throw new AssayError('limit', `a Core ML model with more than ${most} names of one kind`);
    this.#budget.hold(KEPT_BYTES);
  }
}
