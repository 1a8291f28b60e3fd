import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import type { LightgbmModel, LightgbmTree } from './lightgbm-model.ts';
import { checkLightgbmTree } from './lightgbm-tree.ts';
import { type Line, modelLines } from './lines.ts';

/** Lines of the header that have a value; `average_output` has none. */
const HEADER: ReadonlySet<string> = new Set([
  'version',
  'num_class',
  'num_tree_per_iteration',
  'label_index',
  'max_feature_idx',
  'objective',
  'average_output',
  'feature_names',
  'monotone_constraints',
  'feature_infos',
  'tree_sizes',
]);

const OBJECTIVES: ReadonlySet<string> = new Set([
  ...['regression', 'regression_l1', 'quantile', 'huber', 'fair', 'poisson', 'gamma', 'tweedie', 'mape', 'custom'],
  ...['binary', 'lambdarank', 'rank_xendcg', 'multiclass', 'multiclassova', 'cross_entropy', 'cross_entropy_lambda'],
  'none',
]);

const INTEGER = /^-?\d{1,10}$/;
const MAX_FIELDS = 64;

/**
 * Reads a LightGBM model, which is text, to its end, and proves that its indexes and counts agree: LightGBM uses most of them
 * without a check.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: a line that is not known
 */
export async function readLightgbm(source: ByteSource, budget: FileBudget): Promise<void> {
  await walked(source, budget, undefined);
}

/**
 * Reads a LightGBM model as `readLightgbm` does, and keeps its trees: their memory is charged to the budget.
 * @throws AssayError as `readLightgbm` does
 */
export async function readLightgbmModel(source: ByteSource, budget: FileBudget): Promise<LightgbmModel> {
  const trees: LightgbmTree[] = [];
  const reader = await walked(source, budget, trees);
  return { ...reader.settings(), trees };
}

async function walked(
  source: ByteSource,
  budget: FileBudget,
  trees: LightgbmTree[] | undefined,
): Promise<LightgbmReader> {
  const reader = new LightgbmReader(budget, trees);
  for await (const line of modelLines(source, budget)) reader.line(line);
  reader.end();
  return reader;
}

type Section = 'start' | 'header' | 'trees' | 'rest';

class LightgbmReader {
  readonly #budget: FileBudget;
  /** Where trees are kept. */
  readonly #kept: LightgbmTree[] | undefined;
  readonly #header = new Map<string, string>();
  #section: Section = 'start';
  #fields: Map<string, string> | undefined;
  #features = 0;
  #sizes: readonly string[] | undefined;
  #trees = 0;
  #treeAt = 0;

  constructor(budget: FileBudget, kept: LightgbmTree[] | undefined) {
    this.#budget = budget;
    this.#kept = kept;
  }

  /** What the header says. */
  settings(): Omit<LightgbmModel, 'trees'> {
    return {
      version: undefined,
      features: this.#features,
      classes: this.#integer('num_class', 1),
      perIteration: this.#integer('num_tree_per_iteration', 1),
      objective: this.#header.get('objective'),
      average: this.#header.has('average_output'),
    };
  }

  line(line: Line): void {
    try {
      this.#line(line);
    } catch (error) {
      if (!(error instanceof AssayError) || error.offset !== undefined || error.code === 'internal') throw error;
      throw new AssayError(error.code, error.message, { offset: line.at, cause: error });
    }
  }

  #line({ text, at }: Line): void {
    if (this.#section === 'start') {
      if (text !== 'tree') throw bad('does not begin with "tree"');
      this.#section = 'header';
    } else if (this.#section === 'rest') this.#restLine(text);
    else if (text === 'end of trees') this.#endTrees(at);
    else if (/^Tree=/.test(text)) this.#startTree(text, at);
    else if (this.#section === 'header') this.#headerLine(text);
    else this.#treeLine(text);
  }

  #headerLine(text: string): void {
    if (text === '') return;
    const [name, value] = parted(text, '=');
    if (!HEADER.has(name)) throw new AssayError('unsupported', `the line ${JSON.stringify(text.slice(0, 40))}`);
    keepOnce(this.#header, name, value);
  }

  #startTree(text: string, at: number): void {
    if (this.#section === 'header') this.#endHeader();
    else this.#endTree(at);
    if (text !== `Tree=${this.#trees}`) throw bad(`${text.slice(0, 40)} in place of tree ${this.#trees}`);
    this.#section = 'trees';
    this.#treeAt = at;
    this.#fields = new Map();
  }

  #treeLine(text: string): void {
    const fields = this.#fields;
    // An empty line ends a tree; writers leave two.
    if (text === '') {
      this.#checkTree();
      return;
    }
    if (fields === undefined) throw bad('a line between two trees');
    const [name, value] = parted(text, '=');
    if (!text.includes('=') || fields.size >= MAX_FIELDS) throw bad('a line of a tree without a name');
    keepOnce(fields, name, value);
  }

  #checkTree(): void {
    if (this.#fields === undefined) return;
    const tree = checkLightgbmTree(this.#fields, this.#features, this.#budget, this.#kept !== undefined);
    if (tree !== undefined) this.#kept?.push(tree);
    this.#fields = undefined;
    this.#trees++;
  }

  #endTree(at: number): void {
    if (this.#fields !== undefined) throw bad('a tree without an empty line at its end');
    const size = this.#sizes?.[this.#trees - 1];
    // LightGBM looks for each tree at the offset that these sizes give, without a check.
    if (this.#sizes !== undefined && size !== String(at - this.#treeAt))
      throw bad(`tree_sizes states ${size} bytes for a tree of ${at - this.#treeAt} bytes`);
  }

  #endTrees(at: number): void {
    if (this.#section === 'header') this.#endHeader();
    else this.#endTree(at);
    const each = this.#integer('num_tree_per_iteration', 1);
    if (this.#trees % each !== 0) throw bad(`${this.#trees} trees, with ${each} an iteration`);
    if (this.#sizes !== undefined && this.#sizes.length !== this.#trees)
      throw bad(`${this.#trees} trees, but sizes for ${this.#sizes.length}`);
    this.#section = 'rest';
  }

  #endHeader(): void {
    const classes = this.#integer('num_class', 1);
    const each = this.#integer('num_tree_per_iteration', 1);
    if (each > classes) throw bad(`${each} trees an iteration for ${classes} classes`);
    this.#features = this.#integer('max_feature_idx', 0) + 1;
    const label = this.#header.get('label_index') ?? '0';
    if (!INTEGER.test(label)) throw bad(`label_index is ${label.slice(0, 40)}`);
    for (const name of ['feature_names', 'feature_infos', 'monotone_constraints']) {
      const text = this.#header.get(name);
      const count = text === undefined ? undefined : text.split(' ').length;
      if (count === undefined ? name !== 'monotone_constraints' : count !== this.#features)
        throw bad(`${count} ${name} for ${this.#features} features`);
    }
    const sizes = this.#header.get('tree_sizes');
    this.#sizes = sizes === undefined ? undefined : sizes.split(' ').filter((size) => size !== '');
    this.#objective(classes);
  }

  /** The objective converts sums of leaves, and writes as many numbers as its own settings state. */
  #objective(classes: number): void {
    const text = this.#header.get('objective');
    if (text === undefined) return;
    const [name = '', ...settings] = text.split(' ');
    if (!OBJECTIVES.has(name))
      throw new AssayError('unsupported', `the objective ${JSON.stringify(name.slice(0, 40))}`);
    const own = settings.filter((setting) => setting.startsWith('num_class:')).map((setting) => setting.slice(10));
    if (name.startsWith('multiclass') ? own.join() !== String(classes) : own.length > 0)
      throw bad(`an objective for ${own.join() || 'no'} classes in a model for ${classes}`);
  }

  #integer(name: string, least: number): number {
    const text = this.#header.get(name) ?? '';
    if (!INTEGER.test(text) || Number(text) < least || Number(text) > 0x7fffffff)
      throw bad(`${name} is ${JSON.stringify(text.slice(0, 40))}`);
    return Number(text);
  }

  /** Importances, settings of the training, and categories for pandas: LightGBM uses no index in them. */
  #restLine(text: string): void {
    const known =
      text === '' ||
      /^\[[\w ]+: .*\]$/.test(text) ||
      /^(?:feature[_ ]importances:|parameters:|end of parameters)$/.test(text) ||
      text.startsWith('pandas_categorical:') ||
      /=\d+$/.test(text);
    if (!known) throw new AssayError('unsupported', `the line ${JSON.stringify(text.slice(0, 40))}`);
  }

  end(): void {
    if (this.#section !== 'rest') throw new AssayError('truncated', 'the model ends before its trees do');
  }
}

function parted(text: string, by: string): readonly [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function keepOnce(map: Map<string, string>, name: string, value: string): void {
  if (map.has(name)) throw bad(`it has the field ${JSON.stringify(name.slice(0, 40))} twice`);
  map.set(name, value);
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a LightGBM model: ${what}`);
}
