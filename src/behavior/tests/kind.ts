import type { Figure, Measure, ModelTest } from '../../core/behavior/index.ts';
import type { ObjectSchema, SchemaProperties, Static } from '../../core/schema/index.ts';
import type { Feeds, PlainArray } from '../../formats/arrays/index.ts';
import type { Prompts } from '../data/index.ts';
import type { TestedModel } from '../subject/index.ts';

/** Inputs, and what is known of each row. */
export interface TestData {
  readonly name: string;
  readonly feeds: Feeds;
  /** The true label of each row. */
  readonly labels: PlainArray | undefined;
  /** The outputs that are expected, by their names. */
  readonly expected: ReadonlyMap<string, PlainArray> | undefined;
  /** What else is known of each row, by name. */
  readonly columns?: ReadonlyMap<string, PlainArray>;
  /** The columns of an input that was made of several, in their order, by the name of the input. */
  readonly made?: ReadonlyMap<string, readonly string[]>;
  /** Texts that a language model continues: the inputs are the first token of each. */
  readonly prompts?: Prompts | undefined;
}

export interface TestContext {
  readonly model: TestedModel;
  /** The approved version. */
  readonly baseline: TestedModel | undefined;
  readonly data: TestData;
  /** Other data of the suite, by the option of the test that names it. */
  readonly others: ReadonlyMap<string, TestData>;
  /** Opens a model that an option of the test names. The test closes it. */
  readonly openModel: (path: string) => Promise<TestedModel>;
  /** Of all random numbers of the test. */
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly onStep: (what: string) => void;
}

/** What a test found. */
export interface TestOutcome {
  readonly measures: readonly Measure[];
  /** What is shown as a plot. */
  readonly figures?: readonly Figure[];
  /** Why nothing was measured. */
  readonly skipped?: string;
  /** What a reader of the measures has to know, as sentences: it is added to the reason of the result. */
  readonly notes?: readonly string[];
}

/** A kind of test. Adding one is a file in this folder, and a line in `list.ts`. */
export interface TestKind<P extends SchemaProperties = SchemaProperties> {
  /** As suites name it. */
  readonly kind: string;
  readonly area: ModelTest['area'];
  /** What it asks, for `--help`. */
  readonly title: string;
  /** What its data are; rows when absent. Of prompts, the rows are their first tokens. */
  readonly takes?: 'prompts' | 'any';
  /** What a suite may say of it, besides `id`, `kind` and `data`. */
  readonly options: ObjectSchema<P>;
  /** Those of its options, texts, that each name other data of the suite. */
  readonly reads?: readonly (keyof P & string)[];
  /** Those of its options, lists of texts, that name other models, by their paths from the suite. */
  readonly opens?: readonly (keyof P & string)[];
  /**
   * @throws AssayError `usage` for data that the test cannot use, naming what is missing; what running the model throws
   */
  run(options: Static<ObjectSchema<P>>, context: TestContext): Promise<TestOutcome>;
}

/** A kind whose options have the types of its schema. */
export function testKind<P extends SchemaProperties>(kind: TestKind<P>): TestKind<P> {
  return kind;
}
