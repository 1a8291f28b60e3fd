import { basename } from 'node:path';
import type { Ruleset } from '../../core/assessment/index.ts';
import type { RequiredSuite, TestReport } from '../../core/behavior/index.ts';
import type { Conversion } from '../../core/conversion/index.ts';
import type { DataReport } from '../../core/data/index.ts';
import { AssayError } from '../../core/index.ts';
import type { AttestedTraining, TrainingPredicate } from '../../core/lineage/index.ts';
import { approvalProperty } from './stage.ts';
import {
  APPROVAL_VERIFIER,
  ASSAY_VERIFIER,
  type BaselinePredicate,
  type BreakGlassPredicate,
  type ImagePredicate,
  POLICY,
  PREDICATE_TYPES,
  RULESET,
  type ServiceApprover,
  STATEMENT_TYPE,
  type Statements,
  SUITE,
  type TestResult,
} from './statement.ts';
import {
  NO_NAME,
  parseDigest,
  type ResourceDescriptor,
  type Subject,
  subjectOfTemplates,
  subjectsOfFiles,
  subjectsOfNamespaces,
} from './subject.ts';
import { formatTime } from './time.ts';

/** The policy that was applied. */
export interface PolicyReference {
  readonly name: string;
  /** `sha256:<hex>` of its bytes. */
  readonly digest: string;
}

interface About {
  /** From `subjectsOf`. */
  readonly subjects: readonly Subject[];
}

/** The input of each kind of statement. */
export interface StatementInputs {
  readonly scan: About & {
    readonly result: TestResult['result'];
    readonly policy: PolicyReference;
    readonly ruleset: Ruleset;
    /** Ids of checks. */
    readonly passed: readonly string[];
    readonly warned: readonly string[];
    readonly failed: readonly string[];
    readonly url?: string;
  };
  readonly approval: About & {
    readonly stage: string;
    readonly at: Date;
    /** To the second. */
    readonly until?: Date;
    readonly policy?: PolicyReference;
    readonly ruleset?: Ruleset;
    /** The suite of tests that was asked of the model; absent or `null` for none. */
    readonly suite?: RequiredSuite | null;
    /** For whom a service signs. */
    readonly approver?: ServiceApprover;
  };
  readonly waiver: About & {
    readonly rule: string;
    /** The only file that it holds for. */
    readonly file?: string;
    readonly reason: string;
    readonly owner: string;
    readonly at: Date;
    /** To the second. */
    readonly expires: Date;
    /** For whom a service signs. */
    readonly approver?: ServiceApprover;
  };
  readonly 'break-glass': Pick<BreakGlassPredicate, 'namespaces' | 'reference' | 'outcomes' | 'reason' | 'owner'> & {
    readonly at: Date;
    /** To the second. */
    readonly expires: Date;
  };
  readonly baseline: Pick<BaselinePredicate, 'templates' | 'reason' | 'owner'> & {
    readonly at: Date;
    /** To the second. */
    readonly expires: Date;
  };
  readonly image: Omit<ImagePredicate, 'timeCreated' | 'expires'> & {
    readonly at: Date;
    /** To the second. */
    readonly expires?: Date;
  };
  readonly conversion: { readonly conversion: Conversion; readonly at: Date };
  readonly tests: { readonly report: TestReport; readonly at: Date };
  readonly data: {
    readonly report: DataReport;
    /** SHA-256 of the profile of the data, 64 hex digits. */
    readonly profile: string;
    readonly at: Date;
  };
  readonly training: { readonly model: AttestedTraining['model']; readonly predicate: TrainingPredicate };
  readonly decision: About & {
    /** The pinned reference, as an address. */
    readonly resourceUri: string;
    readonly action: 'allow' | 'warn' | 'deny';
    readonly at: Date;
    /** Assay's own version. */
    readonly version: string;
    readonly policy: PolicyReference;
    /** Digests `sha256:<hex>` of the attestations that were used: all of them. */
    readonly inputs: readonly { readonly name?: string; readonly uri?: string; readonly digest: string }[];
  };
}

export type CreatableKind = keyof StatementInputs;

const SLSA_VERSION = '1.1';

/** Results of a policy: own names, since those that start with SLSA_ are about builds. */
const LEVELS = { allow: 'ASSAY_ALLOWED', warn: 'ASSAY_ALLOWED_WITH_WARNINGS', deny: 'FAILED' } as const;

const CREATORS: { readonly [K in CreatableKind]: (input: StatementInputs[K]) => Statements[K] } = {
  scan: ({ subjects, result, policy, ruleset, passed, warned, failed, url }) => ({
    _type: STATEMENT_TYPE,
    subject: subjects,
    predicateType: PREDICATE_TYPES.scan,
    predicate: {
      result,
      configuration: [rulesetDescriptor(ruleset), policyDescriptor(policy)],
      ...(url === undefined ? {} : { url }),
      passedTests: passed,
      warnedTests: warned,
      failedTests: failed,
    },
  }),

  approval: ({ subjects, stage, at, until, policy, ruleset, suite, approver }) => ({
    _type: STATEMENT_TYPE,
    subject: subjects,
    predicateType: PREDICATE_TYPES.approval,
    predicate: {
      verifier: {
        id: APPROVAL_VERIFIER,
        policies: [
          ...(policy === undefined ? [] : [policyDescriptor(policy)]),
          ...(ruleset === undefined ? [] : [rulesetDescriptor(ruleset)]),
          ...(suite == null ? [] : [suiteDescriptor(suite)]),
        ],
      },
      timeCreated: formatTime(at),
      properties: [approvalProperty(until === undefined ? { stage } : { stage, until })],
      ...(approver === undefined ? {} : { approver }),
    },
  }),

  waiver: ({ subjects, rule, file, reason, owner, at, expires, approver }) => ({
    _type: STATEMENT_TYPE,
    subject: subjects,
    predicateType: PREDICATE_TYPES.waiver,
    predicate: {
      rule,
      ...(file === undefined ? {} : { file }),
      reason,
      owner,
      timeCreated: formatTime(at),
      expires: formatTime(expires),
      ...(approver === undefined ? {} : { approver }),
    },
  }),

  'break-glass': ({ namespaces, reference, outcomes, reason, owner, at, expires }) => ({
    _type: STATEMENT_TYPE,
    subject: subjectsOfNamespaces(namespaces),
    predicateType: PREDICATE_TYPES['break-glass'],
    predicate: {
      namespaces,
      reference,
      outcomes,
      reason,
      owner,
      timeCreated: formatTime(at),
      expires: formatTime(expires),
    },
  }),

  baseline: ({ templates, reason, owner, at, expires }) => {
    const sorted = [...new Set(templates)].sort();
    return {
      _type: STATEMENT_TYPE,
      subject: [subjectOfTemplates(sorted)],
      predicateType: PREDICATE_TYPES.baseline,
      predicate: { templates: sorted, reason, owner, timeCreated: formatTime(at), expires: formatTime(expires) },
    };
  },

  image: ({ image, tag, as, facts, platforms, reason, at, expires }) => ({
    _type: STATEMENT_TYPE,
    subject: [{ name: image, digest: { sha256: image.slice(image.lastIndexOf(':') + 1) } }],
    predicateType: PREDICATE_TYPES.image,
    predicate: {
      image,
      ...(tag === undefined ? {} : { tag }),
      as,
      facts,
      platforms,
      reason,
      timeCreated: formatTime(at),
      ...(expires === undefined ? {} : { expires: formatTime(expires) }),
    },
  }),

  conversion: ({ conversion: { tool, target, salvaged, sandbox, source, ruleset, files, indexes }, at }) => ({
    _type: STATEMENT_TYPE,
    subject: subjectsOfFiles([...files, ...indexes]),
    predicateType: PREDICATE_TYPES.conversion,
    predicate: {
      tool,
      target,
      salvaged,
      sandbox,
      source,
      ruleset: rulesetDescriptor(ruleset),
      timeCreated: formatTime(at),
      files: files.map(({ path, from, verification }) => ({ path, from, verification })),
    },
  }),

  tests: ({
    report: { tool, artifact, model, suite, data, baseline, models, device, rowsAtOnce, status, tests },
    at,
  }) => ({
    _type: STATEMENT_TYPE,
    subject: subjectsOfFiles([model, ...model.data]),
    predicateType: PREDICATE_TYPES.tests,
    predicate: {
      tool,
      artifact: artifact.pinned,
      model: model.path,
      // Where it lies on this machine is nobody's affair.
      suite: { name: suite.name, sha256: suite.sha256, seed: suite.seed },
      data,
      baseline,
      ...(models === undefined ? {} : { models }),
      device,
      rowsAtOnce,
      status,
      timeCreated: formatTime(at),
      tests,
    },
  }),

  data: ({ report: { tool, engine, files, columns, rows, baseline, status, checks }, profile, at }) => ({
    _type: STATEMENT_TYPE,
    // Where a folder lies on this machine is nobody's affair.
    subject: subjectsOfFiles(
      files.map(({ path, sha256 }) => ({ path: basename(path) || NO_NAME, sha256: parseDigest(sha256, path).hex })),
    ),
    predicateType: PREDICATE_TYPES.data,
    predicate: {
      tool,
      engine,
      columns,
      rows,
      baseline: baseline === null ? null : { sha256: baseline.sha256, rows: baseline.rows },
      status,
      checks: checks.map(({ id, weight, status: own }) => ({ id, weight, status: own })),
      profile: { sha256: profile },
      timeCreated: formatTime(at),
    },
  }),

  training: ({ model, predicate }) => ({
    _type: STATEMENT_TYPE,
    subject: subjectsOfFiles(model),
    predicateType: PREDICATE_TYPES.training,
    predicate,
  }),

  decision: ({ subjects, resourceUri, action, at, version, policy, inputs }) => ({
    _type: STATEMENT_TYPE,
    subject: subjects,
    predicateType: PREDICATE_TYPES.decision,
    predicate: {
      verifier: { id: ASSAY_VERIFIER, version: { assay: version } },
      timeVerified: formatTime(at),
      resourceUri,
      policy: policyDescriptor(policy),
      inputAttestations: inputs.map(({ digest, ...names }) => ({ ...names, digest: digestSetOf(digest) })),
      verificationResult: action === 'deny' ? 'FAILED' : 'PASSED',
      verifiedLevels: [LEVELS[action]],
      slsaVersion: SLSA_VERSION,
    },
  }),
};

/**
 * A statement of one kind, to be signed. It does not check that the content is true; the caller must. @throws AssayError
 * `usage` for an invalid stage or digest.
 */
export function createStatement<K extends CreatableKind>(kind: K, input: StatementInputs[K]): Statements[K] {
  const statement = CREATORS[kind](input);
  if (statement.subject.length > 0) return statement;
  throw new AssayError('usage', 'a statement needs a subject');
}

function policyDescriptor({ name, digest }: PolicyReference): ResourceDescriptor {
  return { name: POLICY, uri: `urn:assay:policy:${uriPart(name)}`, digest: digestSetOf(digest) };
}

function suiteDescriptor({ name, digest }: RequiredSuite): ResourceDescriptor {
  return { name: SUITE, uri: `urn:assay:suite:${uriPart(name)}`, digest: digestSetOf(digest) };
}

function rulesetDescriptor({ version, digest }: Ruleset): ResourceDescriptor {
  return {
    name: RULESET,
    uri: `urn:assay:ruleset:${uriPart(version)}`,
    digest: digestSetOf(digest),
  };
}

/** Halves of pairs, which no address can hold, become U+FFFD. */
function uriPart(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

function digestSetOf(digest: string) {
  const { algorithm, hex } = parseDigest(digest, digest);
  return { [algorithm]: hex };
}
