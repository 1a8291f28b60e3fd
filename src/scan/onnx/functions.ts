import { quotedName } from '../../core/index.ts';
import type { OnnxSurvey } from '../../formats/onnx/survey/index.ts';
import type { ScanContext } from '../scanner/index.ts';
import { functionKey } from './judge-operators.ts';
import { domainName, firstVersion, knownOperator, operatorSet } from './operators.ts';
import { FUNCTIONS, MODEL_STRUCTURE, SHADOWED } from './rules.ts';

/** Nodes that a model may have once its functions are replaced by their bodies; the largest that are known have 500,000. */
const MAX_EXPANDED = 10_000_000;

/** Judges the functions that a model defines: which names they take, and what replacing them by their bodies costs. */
export function judgeFunctions(survey: OnnxSurvey, context: ScanContext): void {
  const { functions } = survey;
  if (functions.length === 0) return;
  const seen = new Set<string>();
  for (const { domain, name, offset } of functions) {
    const key = functionKey(domain, name);
    const subject = `${domainName(domain)}:${name}`;
    if (
      operatorSet(domain) !== undefined ||
      firstVersion(domain, name) !== undefined ||
      knownOperator(domain, name) !== undefined
    ) {
      const message = `The function ${quotedName(subject)} is in a domain of operators that runtimes have.`;
      context.report({ rule: SHADOWED, subject, message, offset });
    }
    if (name === '')
      context.report({ rule: MODEL_STRUCTURE, subject: 'function', message: 'A function has no name.', offset });
    seen.add(key);
  }
  judgeCalls(survey, context);
}

interface Body {
  readonly name: string;
  readonly offset: number;
  /** Nodes of its own, and calls of other functions. */
  own: number;
  readonly calls: Map<string, number>;
}

/** Functions of one name and several overloads count as one, which has all their nodes. */
function judgeCalls({ functions, uses }: OnnxSurvey, context: ScanContext): void {
  const bodies = new Map<string, Body>();
  for (const { domain, name, offset } of functions) {
    const key = functionKey(domain, name);
    if (!bodies.has(key)) bodies.set(key, { name: `${domainName(domain)}:${name}`, offset, own: 0, calls: new Map() });
  }
  const main: Body = { name: 'model', offset: 0, own: 0, calls: new Map() };
  for (const { scope, domain, name, count } of uses.values()) {
    const around = scope < 0 ? undefined : functions[scope];
    const body = around === undefined ? main : bodies.get(functionKey(around.domain, around.name));
    if (body === undefined) continue;
    const callee = functionKey(domain, name);
    if (bodies.has(callee)) body.calls.set(callee, (body.calls.get(callee) ?? 0) + count);
    else body.own += count;
  }
  const sizes = expandedSizes(bodies);
  for (const [key, { name, offset }] of bodies) {
    if (sizes.has(key)) continue;
    const message = `The function ${quotedName(name)} calls itself, or a function that leads back to it.`;
    context.report({ rule: FUNCTIONS, subject: name, message, offset });
  }
  const total = main.own + [...main.calls].reduce((sum, [key, count]) => sum + count * (sizes.get(key) ?? 0), 0);
  if (total > MAX_EXPANDED) {
    const message = `With its functions replaced by their bodies, the model has more than ${MAX_EXPANDED} nodes.`;
    context.report({ rule: FUNCTIONS, subject: 'model', message });
  }
}

/** Nodes of each function with all that it calls; functions of a loop, and those that reach one, have none. */
function expandedSizes(bodies: ReadonlyMap<string, Body>): Map<string, number> {
  const waiting = new Map([...bodies].map(([key, { calls }]) => [key, calls.size]));
  const callers = new Map<string, string[]>();
  for (const [key, { calls }] of bodies) {
    for (const callee of calls.keys()) {
      const known = callers.get(callee);
      if (known === undefined) callers.set(callee, [key]);
      else known.push(key);
    }
  }
  const ready = [...waiting].filter(([, left]) => left === 0).map(([key]) => key);
  const sizes = new Map<string, number>();
  for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
    const body = bodies.get(key);
    if (body === undefined) continue;
    const called = [...body.calls].reduce((sum, [callee, count]) => sum + count * (sizes.get(callee) ?? 0), 0);
    sizes.set(key, body.own + called);
    for (const caller of callers.get(key) ?? []) {
      const left = (waiting.get(caller) ?? 0) - 1;
      waiting.set(caller, left);
      if (left === 0) ready.push(caller);
    }
  }
  return sizes;
}
