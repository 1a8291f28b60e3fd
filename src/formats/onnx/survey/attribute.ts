import { describeHidden } from './hidden.ts';
import type { FieldShape } from './schema.ts';
import { surveyTensor } from './tensor.ts';
import type { MessageWalker } from './walker.ts';

/** AttributeProto.AttributeType, by the field that holds a value of it. */
const TYPE_OF_FIELD: ReadonlyMap<number, number> = new Map([
  [2, 1],
  [3, 2],
  [4, 3],
  [5, 4],
  [6, 5],
  [7, 6],
  [8, 7],
  [9, 8],
  [10, 9],
  [11, 10],
  [14, 13],
  [15, 14],
  [22, 11],
  [23, 12],
]);
const MAX_TYPE = 14;
/** Bytes of a text that is kept to look at. */
const MAX_TEXT = 1_024;

/** What the attributes of one node say, as far as it matters when the node is of a domain that is not a standard one. */
export interface NodeTexts {
  readonly texts: (readonly [string, string])[];
  readonly numbers: (readonly [string, bigint])[];
}

/** Surveys the graph that the current field holds; handed in, since graphs hold attributes that hold graphs. */
export type SurveyGraph = (walker: MessageWalker, scope: number) => Promise<void>;

/** Surveys the AttributeProto of the current field. */
export async function surveyAttribute(
  walker: MessageWalker,
  scope: number,
  surveyGraph: SurveyGraph,
  node: NodeTexts,
): Promise<void> {
  const { cursor, survey } = walker;
  const offset = cursor.tagAt;
  let name = '';
  let type = 0;
  let referred = false;
  const held = new Set<number>();
  const texts: string[] = [];
  const numbers: bigint[] = [];
  const text = async () => {
    const { start } = cursor;
    const bytes = await walker.head(MAX_TEXT);
    const what = describeHidden(bytes);
    if (what !== undefined) survey.hidden.push({ where: `attribute ${JSON.stringify(name)}`, what, offset: start });
    if (texts.length < 16) texts.push(Buffer.from(bytes).toString('utf8'));
  };
  const take = (number: number, { kind }: FieldShape): Promise<void> | undefined => {
    const own = TYPE_OF_FIELD.get(number);
    if (own !== undefined) held.add(own);
    if (number === 1)
      return walker.text('the name of an attribute').then((value) => {
        name = value;
      });
    if (number === 20) type = walker.int32();
    else if (number === 21) referred = cursor.end > cursor.start;
    else if (number === 3) numbers.push(cursor.int64());
    else if (number === 4 || number === 9) return text();
    else if (typeof kind === 'object' && kind.message === 'GraphProto') return surveyGraph(walker, scope);
    else if (typeof kind === 'object' && kind.message === 'TensorProto') return surveyTensor(walker);
    else if (typeof kind === 'object' && kind.message === 'SparseTensorProto') return surveySparse(walker);
    return undefined;
  };
  await walker.nested('AttributeProto', take);
  if (type < 0 || type > MAX_TYPE) survey.unknownTypes.set(`an attribute of the type ${type}`, offset);
  const bad = (what: string) =>
    walker.fault({ kind: 'attribute', subject: name, message: `attribute ${JSON.stringify(name)} ${what}`, offset });
  if (held.size > 1) bad('has values of two types');
  else if (held.size === 1 && type !== 0 && !held.has(type)) bad('has a value of another type than it says');
  if (referred && held.size > 0) bad('has a value, and takes that of another attribute');
  for (const value of texts) node.texts.push([name, value]);
  for (const value of numbers) node.numbers.push([name, value]);
}

/** Surveys the SparseTensorProto of the current field. */
export async function surveySparse(walker: MessageWalker): Promise<void> {
  await walker.nested('SparseTensorProto', (number) => (number === 3 ? undefined : surveyTensor(walker)));
}
