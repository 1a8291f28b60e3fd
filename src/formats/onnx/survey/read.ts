import type { ByteSource } from '../../../core/bytes/index.ts';
import { type FileBudget, isContentError } from '../../../core/index.ts';
import { ProtoCursor } from '../../protobuf/index.ts';
import { type NodeTexts, surveyAttribute, surveySparse } from './attribute.ts';
import { emptySurvey, type FreeText, type OnnxSurvey, type OpsetImport } from './survey.ts';
import { surveyTensor } from './tensor.ts';
import { MessageWalker, type WatchOperator } from './walker.ts';

/** A survey, and why it ended before the end of the file, if it did. */
export interface SurveyResult {
  readonly survey: OnnxSurvey;
  readonly stopped: Error | undefined;
}

const GRAPH = -1;
const MAX_CUSTOM = 1_000;
const MAX_TEXTS = 10_000;
/** Values of one field that comes several times, which are each looked at. */
const MAX_VALUES = 4;
/** No parser of Protocol Buffers takes a message of two GiB or more. */
const MAX_MESSAGE = 2 ** 31 - 1;

/**
 * Walks a whole model (ModelProto of onnx.proto, IR version 14), subgraphs, functions and training included, and keeps what it
 * refers to. It reads no elements of tensors, and goes on where readers of the format disagree: what any of them would take is in.
 * @param watch of which operators the texts and numbers of each node are kept
 * @throws what reading the source throws; an encoding that breaks, or a limit, is in the result
 */
export async function surveyOnnx(
  source: ByteSource,
  budget: FileBudget,
  watch: WatchOperator = () => false,
): Promise<SurveyResult> {
  const survey = emptySurvey();
  const walker = new MessageWalker(new ProtoCursor(source, budget), survey, watch);
  if (source.size > MAX_MESSAGE) {
    const message = `the model has ${source.size} bytes, and parsers take at most ${MAX_MESSAGE}`;
    walker.fault({ kind: 'size', subject: 'model', message, offset: 0 });
  }
  try {
    await surveyModel(walker, source.size);
    return { survey, stopped: undefined };
  } catch (error) {
    if (!isContentError(error)) throw error;
    return { survey, stopped: error };
  }
}

async function surveyModel(walker: MessageWalker, end: number): Promise<void> {
  const { cursor, survey } = walker;
  await walker.fields('ModelProto', end, (number) => {
    if (number === 1) survey.irVersion = cursor.int64();
    else if (number === 6) return takeDescription(walker, 'the model');
    else if (number === 7) return surveyGraph(walker, GRAPH);
    else if (number === 8) return surveyOpset(walker, survey.opsets);
    else if (number === 14) return surveyMetadata(walker);
    else if (number === 20)
      return walker.nested('TrainingInfoProto', (field) => (field <= 2 ? surveyGraph(walker, GRAPH) : undefined));
    else if (number === 25) return surveyFunction(walker);
    return undefined;
  });
}

async function surveyGraph(walker: MessageWalker, scope: number): Promise<void> {
  walker.survey.graphs++;
  await walker.nested('GraphProto', (number) => {
    if (number === 1) return surveyNode(walker, scope);
    if (number === 5) return surveyTensor(walker);
    if (number === 10) return takeDescription(walker, 'a graph');
    if (number === 15) return surveySparse(walker);
    if (number === 16) return surveyMetadata(walker);
    return undefined;
  });
}

async function surveyFunction(walker: MessageWalker): Promise<void> {
  const { cursor, survey } = walker;
  const offset = cursor.tagAt;
  const scope = survey.functions.length;
  const names: string[] = [];
  const domains: string[] = [];
  const opsets: OpsetImport[] = [];
  walker.keep(256);
  // Its place is taken before its body, which may use functions that come later.
  survey.functions.push({ domain: '', name: '', opsets, offset });
  await walker.nested('FunctionProto', (number) => {
    if (number === 1) return walker.text('the name of a function').then((text) => void names.push(text));
    if (number === 10) return walker.text('the domain of a function').then((text) => void domains.push(text));
    if (number === 7) return surveyNode(walker, scope);
    if (number === 8) return takeDescription(walker, 'a function');
    if (number === 9) return surveyOpset(walker, opsets);
    if (number === 11) return surveyAttribute(walker, scope, surveyGraph, { texts: [], numbers: [] });
    if (number === 14) return surveyMetadata(walker);
    return undefined;
  });
  survey.functions[scope] = { domain: domains.at(-1) ?? '', name: names.at(-1) ?? '', opsets, offset };
}

async function surveyNode(walker: MessageWalker, scope: number): Promise<void> {
  const { cursor, survey } = walker;
  const offset = cursor.tagAt;
  survey.nodes++;
  const names: string[] = [];
  const domains: string[] = [];
  const node: NodeTexts = { texts: [], numbers: [] };
  await walker.nested('NodeProto', (number) => {
    if (number === 4) return walker.text('the name of an operator').then((text) => void names.push(text));
    if (number === 7) return walker.text('the domain of an operator').then((text) => void domains.push(text));
    if (number === 5) return surveyAttribute(walker, scope, surveyGraph, node);
    if (number === 6) return takeDescription(walker, 'a node');
    if (number === 9) return surveyMetadata(walker);
    return undefined;
  });
  for (const name of firstOf(names)) {
    for (const domain of firstOf(domains)) {
      addUse(walker, { scope, domain, name, offset });
      if (!walker.watch(domain, name)) continue;
      if (survey.custom.length >= MAX_CUSTOM) {
        survey.dropped.add('nodes of operators that have to be looked at');
        continue;
      }
      walker.keep(node.texts.reduce((sum, [key, value]) => sum + key.length + value.length, 64));
      survey.custom.push({ domain, name, ...node, offset });
    }
  }
}

/** The values of a field that stands once; where it stands more often, those that a reader may take. Absent: empty. */
function firstOf(values: readonly string[]): readonly string[] {
  return values.length === 0 ? [''] : [...new Set([...values.slice(0, MAX_VALUES), values.at(-1) ?? ''])];
}

function addUse(
  walker: MessageWalker,
  use: { readonly scope: number; readonly domain: string; readonly name: string; readonly offset: number },
): void {
  const { uses } = walker.survey;
  const key = `${use.scope}\n${use.domain.length}\n${use.domain}${use.name}`;
  const known = uses.get(key);
  if (known !== undefined) known.count++;
  else {
    walker.keep(key.length + use.name.length);
    uses.set(key, { ...use, count: 1 });
  }
}

async function surveyOpset(walker: MessageWalker, opsets: OpsetImport[]): Promise<void> {
  const { cursor } = walker;
  let domain = '';
  let version = 0n;
  await walker.nested('OperatorSetIdProto', (number) => {
    if (number === 1)
      return walker.text('the domain of an operator set').then((text) => {
        domain = text;
      });
    version = cursor.int64();
    return undefined;
  });
  walker.keep(domain.length);
  opsets.push({ domain, version });
}

async function surveyMetadata(walker: MessageWalker): Promise<void> {
  const { tagAt: offset } = walker.cursor;
  let key = '';
  let value = '';
  await walker.nested('StringStringEntryProto', (number) =>
    walker.text('an entry of the metadata').then((text) => {
      if (number === 1) key = text;
      else value = value === '' ? text : `${value}\n${text}`;
    }),
  );
  keepText(walker, { where: 'metadata', key, value, offset });
}

async function takeDescription(walker: MessageWalker, key: string): Promise<void> {
  const { tagAt: offset } = walker.cursor;
  keepText(walker, { where: 'description', key, value: await walker.text(`the description of ${key}`), offset });
}

function keepText(walker: MessageWalker, text: FreeText): void {
  const { texts, dropped } = walker.survey;
  if (text.value === '') return;
  if (texts.length >= MAX_TEXTS) {
    dropped.add('texts of the metadata');
    return;
  }
  walker.keep(text.key.length + text.value.length);
  texts.push(text);
}
