import { isAssayError } from '../../core/index.ts';
import { newFacts, type RdsFacts, type RdsKind, readRds } from '../../formats/rds/index.ts';
import type { Rule, ScanContext, ScanTarget } from '../scanner/index.ts';
import { RDS_RULES } from './rules.ts';

const KINDS: Readonly<Record<RdsKind, readonly [rule: Rule, what: string]>> = {
  'promise-with-code': [RDS_RULES.promise, 'a promise with code that is not evaluated yet'],
  promise: [RDS_RULES.code, 'a promise'],
  'active-binding': [RDS_RULES.binding, 'a variable that calls a function when it is read'],
  closure: [RDS_RULES.code, 'a function'],
  language: [RDS_RULES.code, 'a call'],
  expression: [RDS_RULES.code, 'an expression'],
  'byte-code': [RDS_RULES.code, 'byte code'],
  builtin: [RDS_RULES.code, 'the built-in function'],
  environment: [RDS_RULES.outside, 'an environment'],
  pointer: [RDS_RULES.outside, 'a pointer'],
  'weak-reference': [RDS_RULES.outside, 'a weak reference'],
  namespace: [RDS_RULES.outside, 'a reference to the namespace of the package'],
  package: [RDS_RULES.outside, 'a reference to the package'],
  'persistent-name': [RDS_RULES.outside, 'a name for a hook of the program'],
  'alternative-class': [RDS_RULES.outside, 'a vector of the class'],
  'mapped-file': [RDS_RULES.file, 'a vector that is another file, of the class'],
  'missing-argument': [RDS_RULES.outside, 'a value that is missing'],
};

/** Judges a file of R's `saveRDS` or `save` by what it holds besides data. */
export async function judgeRds({ source }: ScanTarget, context: ScanContext): Promise<void> {
  const facts = newFacts();
  try {
    const end = await readRds(source, facts, context.budget);
    context.cover(0, end, 'parsed');
    if (end < source.size) judgeRest(source.size - end, end, context);
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'malformed' && error.code !== 'truncated')) throw error;
    const place = error.offset === undefined ? {} : { offset: error.offset };
    context.report({
      rule: RDS_RULES.structure,
      subject: 'structure',
      message: `The file contradicts itself: ${error.message}.`,
      ...place,
    });
    context.cover(0, source.size, 'opaque', 'after a broken object: R reads no further');
  } finally {
    reportParts(facts, context);
  }
}

function judgeRest(length: number, end: number, context: ScanContext): void {
  const message = `${length} bytes follow the object.`;
  context.report({ rule: RDS_RULES.structure, subject: 'trailing', message, offset: end });
  context.incomplete(`${length} bytes at ${end} follow the R object, and were not read`);
}

function reportParts({ parts }: RdsFacts, context: ScanContext): void {
  for (const { kind, at, name, count } of parts.values()) {
    const [rule, what] = KINDS[kind];
    const named = name === '' ? what : `${what} ${JSON.stringify(name.slice(0, 120))}`;
    const times = count > 1 ? `, and ${count - 1} more` : '';
    context.report({
      rule,
      subject: `${kind} ${name}`.trim(),
      message: `The file holds ${named}${times}.`,
      offset: at,
    });
  }
}
