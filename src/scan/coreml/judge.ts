import { quotedName } from '../../core/index.ts';
import { readSchema, walkSchema } from '../../formats/protobuf/schemas/index.ts';
import { resolveLocation } from '../paths/index.ts';
import { hiddenText, judgeBuffers, leaveUnjudged, type ScanContext, type ScanTarget } from '../scanner/index.ts';
import { isMilOperation, newestSpecification } from './operations.ts';
import { COREML_RULES } from './rules.ts';
import { CoremlSurvey, type Named } from './survey.ts';

/** What stands for the folder of the model in the name of a file of weights. */
const MODEL_FOLDER = /^@model_path\//;
/** Bytes that describe a blob, at the place that the model names. */
const BLOB_HEAD = 64;
const SOME = 20;

/** Surveys a model, and reports what is not known to compute only. */
export async function judgeCoreml(target: ScanTarget, context: ScanContext): Promise<void> {
  const survey = new CoremlSurvey(context.budget);
  let stopped: unknown;
  try {
    await walkSchema(target.source, readSchema(new URL('./messages.json', import.meta.url)), survey, context.budget);
  } catch (error) {
    // What was found until then counts.
    stopped = error;
  }
  const isNewer = judgeVersion(survey, context);
  judgeNames(survey, context);
  judgeFaults(survey, isNewer, context);
  judgeLinks(survey, context);
  judgeBlobs(survey, target, context);
  judgeMetadata(survey, context);
  if (stopped !== undefined) throw stopped;
  await judgeBuffers(target, context, COREML_RULES.hidden, survey.held);
  let at = 0;
  for (const { start, end } of survey.contents) {
    context.cover(at, start, 'parsed');
    context.cover(start, end, 'opaque', 'numbers of weights and parameters');
    at = end;
  }
  context.cover(at, target.source.size, 'parsed');
}

function judgeVersion({ versions }: CoremlSurvey, context: ScanContext): boolean {
  const newest = newestSpecification();
  const newer = [...versions].filter((version) => version > newest);
  if (newer.length === 0) return false;
  const detail = `The model is of version ${newer.slice(0, SOME).join()} of the specification of Core ML, and Assay knows those up to ${newest}: a newer version of Assay may judge it.`;
  leaveUnjudged(context, 'format.coreml.version', detail);
  return true;
}

function judgeNames({ classes, operations, closed, empty }: CoremlSurvey, context: ScanContext): void {
  for (const { name, offset, count } of classes.values()) {
    const message = `The model needs the class ${quotedName(name)} of the program that loads it${times(count)}.`;
    context.report({ rule: COREML_RULES.custom, subject: name, message, offset, evidence: name });
  }
  for (const { name, offset, count } of operations.values()) {
    if (isMilOperation(name)) continue;
    const message = `The operation ${quotedName(name)} is not one of Core ML${times(count)}.`;
    context.report({ rule: COREML_RULES.unlisted, subject: name, message, offset, evidence: name });
  }
  for (const { name, offset } of empty.values()) {
    const what =
      name === 'Model' ? 'A model does not say of which kind it is' : 'A layer does not say what it computes';
    context.report({ rule: COREML_RULES.structure, subject: `empty ${name}`, message: `${what}.`, offset });
  }
  const names = [...closed.keys()];
  if (names.length > 0) {
    const detail = `The model is one of Apple's closed kinds (${names.join(', ')}), whose parameters only Apple's frameworks read: they are not judged.`;
    leaveUnjudged(context, 'format.coreml.closed', detail);
  }
}

function times(count: Named['count']): string {
  return count === 1 ? '' : ` (${count} times)`;
}

function judgeFaults({ faults, faultCount }: CoremlSurvey, isNewer: boolean, context: ScanContext): void {
  // A newer version has fields that are not known, and is not assessed already.
  const shown = faults.filter(({ kind }) => !isNewer || kind !== 'unknown-field');
  const seen = new Set<string>();
  for (const { kind, message, field, offset } of shown) {
    const subject = `${kind} ${message}.${field}`;
    if (seen.has(subject)) continue;
    seen.add(subject);
    const isLayer = kind === 'unknown-field' && (message === 'NeuralNetworkLayer' || message === 'Model');
    const rule = isLayer && field >= 100 ? COREML_RULES.unlisted : COREML_RULES.structure;
    context.report({ rule, subject, message: `${FAULTS[kind]}: field ${field} of ${message}.`, offset });
    if (seen.size >= SOME) break;
  }
  if (faultCount > faults.length) context.incomplete('the model has more odd fields than are kept');
}

const FAULTS = {
  'unknown-field': 'The model has a field that Core ML does not have',
  'wire-type': 'The model has a field of another type than Core ML reads',
  twice: 'The model has a field twice that it can have once',
  'two-values': 'The model has two kinds of content where it can have one',
  'not-utf8': 'A text of the model is not UTF-8',
} as const;

function judgeLinks({ linked }: CoremlSurvey, context: ScanContext): void {
  for (const { key, value, offset } of linked) {
    // A search path is a folder.
    const location = resolveLocation(key === 'linkedModelSearchPath' ? `${value}/x` : value);
    if (location.kind === 'inside') continue;
    const rule = location.kind === 'outside' ? COREML_RULES.outside : COREML_RULES.data;
    const message = `The model runs another one in its place, ${quotedName(value)}, which ${location.why}.`;
    context.report({ rule, subject: value, message, offset, evidence: value });
  }
  if (linked.length > 0)
    leaveUnjudged(
      context,
      'format.coreml.linked',
      `The model stands for another one (${quotedName(linked[0]?.value ?? '')}), which Core ML finds where the program says: scan that one.`,
    );
}

function judgeBlobs({ blobs }: CoremlSurvey, target: ScanTarget, context: ScanContext): void {
  const places = new Map<string, Set<number>>();
  const folder = target.file.slice(0, target.file.lastIndexOf('/') + 1);
  for (const { file, place, offset } of blobs) {
    const location = resolveLocation(file.replace(MODEL_FOLDER, ''));
    if (location.kind !== 'inside') {
      const rule = location.kind === 'outside' ? COREML_RULES.outside : COREML_RULES.data;
      const message = `Weights are in the file ${quotedName(file)}, which ${location.why}.`;
      context.report({ rule, subject: file, message, offset, evidence: file });
    } else if (place % BLOB_HEAD !== 0 || !Number.isSafeInteger(place)) {
      const message = `Weights are at byte ${place} of ${quotedName(file)}, where no blob can begin.`;
      context.report({ rule: COREML_RULES.data, subject: `${file}:place`, message, offset });
    } else places.set(location.path, (places.get(location.path) ?? new Set()).add(place));
  }
  if (places.size === 0) return;
  if (target.member !== undefined) {
    const detail =
      'Weights of the model are in other files, and the model is in an archive: unpack it, and scan the folder.';
    leaveUnjudged(context, 'format.coreml.weights', detail);
    return;
  }
  for (const [path, starts] of places) {
    const ranges = [...starts].sort((a, b) => a - b).map((start) => ({ start, end: start + BLOB_HEAD }));
    context.refersTo({ path: `${folder}${path}`, ranges, rule: COREML_RULES.data });
  }
}

function judgeMetadata({ metadata }: CoremlSurvey, context: ScanContext): void {
  for (const { key, value, offset } of metadata) {
    const evidence = hiddenText(value);
    if (evidence === undefined) continue;
    const message = `The text ${quotedName(key)} of the model looks like code.`;
    context.report({ rule: COREML_RULES.hidden, subject: key, message, offset, evidence });
  }
}
