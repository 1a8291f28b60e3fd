import { quotedName } from '../../core/index.ts';
import type { CustomNode, OnnxSurvey, OperatorUse, OpsetImport } from '../../formats/onnx/survey/index.ts';
import { resolveLocation } from '../paths/index.ts';
import { leaveUnjudged, type ScanContext } from '../scanner/index.ts';
import { domainName, firstVersion, knownOperator, operatorSet } from './operators.ts';
import { ACTIVE_OPERATOR, EXTERNAL_PATH, MODEL_STRUCTURE, OPERATOR } from './rules.ts';

/** Versions of ONNX before 3 did not say which operator sets they use. */
const FIRST_WITH_OPSETS = 3n;

/** Looks up every operator of a model in the lists, by the version of its set; local functions are judged by their bodies. */
export function judgeOperators(survey: OnnxSurvey, context: ScanContext): void {
  judgeImports(survey, context);
  const local = new Set(survey.functions.map(({ domain, name }) => functionKey(domain, name)));
  for (const use of survey.uses.values()) {
    if (local.has(functionKey(use.domain, use.name))) continue;
    const first = firstVersion(use.domain, use.name);
    if (first === undefined) reportUnlisted(use, context);
    else judgeVersion(use, first, survey, context);
  }
  for (const node of survey.custom) judgeCustom(node, context);
}

/** A function, as nodes name it. */
export function functionKey(domain: string, name: string): string {
  return JSON.stringify([domainName(domain), name]);
}

/** `ai.onnx.ml:Scaler`, as findings name an operator. */
function operatorName(domain: string, name: string): string {
  return `${domainName(domain)}:${name}`;
}

export function reportUnlisted({ domain, name, count, offset }: OperatorUse, context: ScanContext): void {
  const subject = operatorName(domain, name);
  const known = knownOperator(domain, name);
  const what = known === undefined ? 'is on no list' : known.what;
  const often = count === 1 ? '' : ` (${count} nodes)`;
  const rule = known?.malicious === true ? ACTIVE_OPERATOR : OPERATOR;
  context.report({ rule, subject, message: `The operator ${quotedName(subject)} ${what}${often}.`, offset });
}

/** An operator is in the set from a version on: with an older one, each runtime does something else, or refuses the model. */
function judgeVersion(use: OperatorUse, first: number, survey: OnnxSurvey, context: ScanContext): void {
  const { domain, name, offset, scope } = use;
  const imports = scope < 0 ? survey.opsets : (survey.functions[scope]?.opsets ?? []);
  const versions = imports.filter((one) => domainName(one.domain) === domainName(domain)).map(({ version }) => version);
  const set = domainName(domain);
  if (versions.length === 0) {
    if (imports.length === 0 && (survey.irVersion ?? 0n) < FIRST_WITH_OPSETS) return;
    const place = scope < 0 ? 'the model' : 'the function around it';
    const message = `The operator ${quotedName(operatorName(domain, name))} is of a set that ${place} does not import.`;
    context.report({ rule: MODEL_STRUCTURE, subject: `opset:${set}`, message, offset });
  } else if (versions.some((version) => version < BigInt(first))) {
    const message = `The operator ${quotedName(operatorName(domain, name))} is in its set from version ${first} on, and the model imports version ${versions.join()}.`;
    context.report({ rule: MODEL_STRUCTURE, subject: `version:${operatorName(domain, name)}`, message, offset });
  }
}

function judgeImports(survey: OnnxSurvey, context: ScanContext): void {
  const scopes = [
    { what: 'the model', opsets: survey.opsets, offset: 0 },
    ...survey.functions.map(({ name, opsets, offset }) => ({
      what: `the function ${quotedName(name)}`,
      opsets,
      offset,
    })),
  ];
  for (const { what, opsets, offset } of scopes) {
    const seen = new Map<string, OpsetImport>();
    for (const one of opsets) {
      const domain = domainName(one.domain);
      const known = seen.get(domain);
      if (known !== undefined && known.version !== one.version) {
        const message = `Two versions of the operator set ${quotedName(domain)} are imported by ${what}: ${known.version} and ${one.version}.`;
        context.report({ rule: MODEL_STRUCTURE, subject: `opset-twice:${domain}`, message, offset });
      }
      seen.set(domain, one);
      judgeImport(one, domain, context, offset);
    }
  }
}

function judgeImport({ version }: OpsetImport, domain: string, context: ScanContext, offset: number): void {
  const newest = operatorSet(domain)?.newest;
  if (newest === undefined) return;
  if (version < 1n)
    context.report({
      rule: MODEL_STRUCTURE,
      subject: `opset-version:${domain}`,
      message: `The operator set ${domain} is imported with the version ${version}.`,
      offset,
    });
  else if (version > BigInt(newest))
    leaveUnjudged(
      context,
      'format.onnx.version',
      `The model uses version ${version} of the operator set ${domain}, and Assay knows those up to ${newest}: a newer version of Assay may judge it.`,
    );
}

/** Nodes whose attributes name code or files. */
function judgeCustom({ domain, name, texts, numbers, offset }: CustomNode, context: ScanContext): void {
  const subject = operatorName(domain, name);
  const text = (key: string) => texts.find(([own, value]) => own === key && value !== '')?.[1];
  if (name.startsWith('PyOp') && text('module') !== undefined) {
    const message = `The operator ${quotedName(subject)} imports the Python module ${quotedName(text('module') ?? '')} and calls ${quotedName(text('class_name') ?? text('compute') ?? 'it')}.`;
    context.report({ rule: ACTIVE_OPERATOR, subject: `module:${subject}`, message, offset });
  }
  if (name !== 'EPContext') return;
  // embed_mode 0: the context is a file.
  const path = text('ep_cache_context');
  if (path === undefined || !numbers.some(([key, value]) => key === 'embed_mode' && value === 0n)) return;
  const location = resolveLocation(path);
  if (location.kind !== 'outside') return;
  const message = `The binary of ${quotedName(subject)} is in the file ${quotedName(path)}, which ${location.why}.`;
  context.report({ rule: EXTERNAL_PATH, subject: path, message, offset });
}
