import { posix } from 'node:path';
import { printableName } from '../../../formats/index.ts';
import type { ScanContext, ScanTarget } from '../../scanner/index.ts';
import { OUTSIDE_PATH, TENSORFLOW_STRUCTURE } from '../rules.ts';
import { leadsOutside } from './contracts.ts';
import { operatorFinding } from './findings.ts';

const MAX_DEPTH = 200;
const VALUE_WORK = 16;

interface Found {
  readonly operators: Map<string, string>;
  readonly functions: Set<string>;
}

/**
 * Judges a model of TensorFlow.js: the graph in its JSON, and the paths of its weights.
 * @returns whether it is one that was judged to its end
 */
export function judgeWebModel(bytes: Uint8Array, target: ScanTarget, context: ScanContext): boolean {
  const document = parsed(bytes);
  if (!isObject(document) || !Array.isArray(document.weightsManifest)) return false;
  const found: Found = { operators: new Map(), functions: new Set() };
  if (!collect(document, found, context, 0)) return false;
  for (const [name, node] of found.operators) {
    if (found.functions.has(name)) continue;
    const finding = operatorFinding(name, `the node ${JSON.stringify(printableName(node))}`, 0);
    if (finding === undefined) continue;
    const { rule, subject, message, evidence } = finding;
    context.report({ rule, subject, message, evidence });
  }
  return document.weightsManifest.every((group) => judgeWeights(group, target, context));
}

function judgeWeights(group: unknown, { file, member }: ScanTarget, context: ScanContext): boolean {
  const paths: unknown = isObject(group) ? group.paths : undefined;
  if (!Array.isArray(paths)) return false;
  for (const path of paths) {
    if (typeof path !== 'string') return false;
    if (!leadsOutside(path)) {
      // The files of a group are joined, and cut where weights end.
      const place = posix.normalize(posix.join(posix.dirname(file), path));
      if (member === undefined)
        context.refersTo({ path: place, ranges: 'all', rule: TENSORFLOW_STRUCTURE, holds: 'variables' });
      continue;
    }
    const shown = printableName(path);
    const message = `The model has its weights in ${JSON.stringify(shown)}, which leads out of its folder.`;
    context.report({ rule: OUTSIDE_PATH, subject: `weights ${shown}`, message, evidence: shown });
  }
  return true;
}

/** Notes the operator of each node, and the names of functions, wherever they stand. @returns false beyond the bound on depth */
function collect(value: unknown, found: Found, context: ScanContext, depth: number): boolean {
  context.budget.work(VALUE_WORK);
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((one) => collect(one, found, context, depth + 1));
  if (!isObject(value)) return true;
  const { op, name, signature } = value;
  if (typeof op === 'string') found.operators.set(op, typeof name === 'string' ? name : '');
  if (isObject(signature) && typeof signature.name === 'string' && 'nodeDef' in value)
    found.functions.add(signature.name);
  return Object.values(value).every((one) => collect(one, found, context, depth + 1));
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
