import { quotedName } from '../../core/index.ts';
import { type OnnxSurvey, surveyOnnx } from '../../formats/onnx/survey/index.ts';
import {
  EMBEDDED,
  hiddenText,
  judgeBuffers,
  leaveUnjudged,
  type ScanContext,
  type ScanTarget,
} from '../scanner/index.ts';
import { judgeExternal } from './external.ts';
import { judgeFunctions } from './functions.ts';
import { judgeOperators } from './judge-operators.ts';
import { knownOperator, operatorLists } from './operators.ts';
import { HIDDEN_CONTENT, MODEL_STRUCTURE } from './rules.ts';

/** Where PyTorch keeps the lines of Python that a node was made from. */
const TRACES = /^pkg\.torch\./;
const SOME = 20;
/** Tensors whose first bytes are looked at, of a file that is at hand. */
const MAX_LOOKED_AT = 20_000;

/** Surveys a model, and reports what is not known to be harmless. What it does not understand leaves the file without a pass. */
export async function judgeOnnx(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const watch = (domain: string, name: string) => isWatched(domain, name);
  const { survey, stopped } = await surveyOnnx(source, context.budget, watch);
  for (const { kind, subject, message, offset } of survey.faults)
    context.report({ rule: MODEL_STRUCTURE, subject: `${kind}:${subject}`, message: `${capital(message)}.`, offset });
  judgeVersions(survey, context);
  judgeOperators(survey, context);
  judgeFunctions(survey, context);
  judgeExternal(survey, target, context);
  judgeTexts(survey, context);
  for (const what of survey.dropped) context.incomplete(`the model has more ${what} than are kept`);
  // What was found until then counts.
  if (stopped !== undefined) throw stopped;
  if (target.distance === 'near') {
    const buffers = survey.raw.slice(0, MAX_LOOKED_AT).map(({ start, end }) => ({
      where: `tensor at byte ${start}`,
      ...{ start, end, numbers: true },
    }));
    await judgeBuffers(target, context, EMBEDDED, buffers);
  }
  coverAll(survey, target, context);
}

/** PyOp of ONNX Runtime's language interop takes a module and a class of any domain. */
function isWatched(domain: string, name: string): boolean {
  return knownOperator(domain, name) !== undefined || name.startsWith('PyOp');
}

function judgeVersions(survey: OnnxSurvey, context: ScanContext): void {
  const { newestIr } = operatorLists();
  const { irVersion, unknownTypes, graphs } = survey;
  if (irVersion === undefined || irVersion < 1n)
    context.report({
      rule: MODEL_STRUCTURE,
      subject: 'ir-version',
      message: 'The model does not say of which version of ONNX it is.',
    });
  else if (irVersion > BigInt(newestIr))
    leaveUnjudged(
      context,
      'format.onnx.version',
      `The model is of IR version ${irVersion}, and Assay knows those up to ${newestIr}: a newer version of Assay may judge it.`,
    );
  if (graphs === 0) context.report({ rule: MODEL_STRUCTURE, subject: 'graph', message: 'The model has no graph.' });
  for (const [what, offset] of [...unknownTypes].slice(0, SOME))
    context.incomplete(`the model has ${what}, which is not known, at byte ${offset}`);
}

function judgeTexts(survey: OnnxSurvey, context: ScanContext): void {
  for (const { where, what, offset } of survey.hidden)
    context.report({ rule: HIDDEN_CONTENT, subject: where, message: `A text of ${where} begins as ${what}.`, offset });
  for (const { where, key, value, offset } of survey.texts) {
    const evidence = hiddenText(value, where !== 'metadata' || TRACES.test(key));
    if (evidence === undefined) continue;
    const name = where === 'metadata' ? `The metadata ${quotedName(key)}` : `The description of ${key}`;
    context.report({
      rule: HIDDEN_CONTENT,
      subject: `${where}:${key}`,
      message: `${name} looks like code.`,
      offset,
      evidence,
    });
  }
}

function coverAll({ raw }: OnnxSurvey, { source }: ScanTarget, context: ScanContext): void {
  let at = 0;
  for (const { start, end } of raw) {
    context.cover(at, start, 'parsed');
    context.cover(start, end, 'opaque', 'raw tensor data: numbers');
    at = end;
  }
  context.cover(at, source.size, 'parsed');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
