import { type InputRole, trainingInputs } from '../../../core/lineage/index.ts';
import type { VerifiedAttestation } from '../../../integrity/attestations/index.ts';
import {
  approvedBy,
  formatTime,
  PREDICATE_TYPES,
  type Statement,
  type Subject,
} from '../../../integrity/statements/index.ts';
import { count, signerText, terminalText } from '../../../report/index.ts';

/** Rows of a label and a text that is safe to print. */
export type Row = readonly [label: string, text: string];

const MAX_LISTED = 5;

/** What a statement says, in one line. */
export function claimOf(statement: Statement): string {
  switch (statement.predicateType) {
    case PREDICATE_TYPES.scan:
      return `scan: ${statement.predicate.result}`;
    case PREDICATE_TYPES['ml-bom']:
      return 'bill of materials (CycloneDX)';
    case PREDICATE_TYPES.approval:
      return `approval for ${approvedBy(statement.predicate.properties)?.stage ?? 'no stage'}`;
    case PREDICATE_TYPES.waiver:
      return `waiver of ${terminalText(statement.predicate.rule)}`;
    case PREDICATE_TYPES['break-glass']:
      return `break-glass in ${statement.predicate.namespaces.join(', ')}`;
    case PREDICATE_TYPES.baseline:
      return `baseline of ${count(statement.predicate.templates.length, 'Pod template')}`;
    case PREDICATE_TYPES.image:
      return `approval of an image as ${statement.predicate.as}`;
    case PREDICATE_TYPES.conversion:
      return `conversion to ${statement.predicate.target}`;
    case PREDICATE_TYPES.tests:
      return `tests of behaviour: ${statement.predicate.status}`;
    case PREDICATE_TYPES.data:
      return `checks of training data: ${statement.predicate.status}`;
    case PREDICATE_TYPES.training:
      return 'training run';
    case PREDICATE_TYPES.decision:
      return `decision: ${statement.predicate.verificationResult}`;
    case PREDICATE_TYPES['model-signature']:
      return 'model signature';
  }
}

/** Who says what about what. */
export function attestationRows({ statement, signer, rule }: VerifiedAttestation): Row[] {
  return [
    ['about', subjectsText(statement.subject, isOfFiles(statement) ? 'file' : 'digest')],
    ...detailRows(statement),
    ['signed by', `"${terminalText(rule.name)}": ${signerText(signer)}`],
  ];
}

/** Other statements have several digests of one artifact. */
function isOfFiles({ predicateType }: Statement): boolean {
  return [PREDICATE_TYPES.conversion, PREDICATE_TYPES.tests, PREDICATE_TYPES.data, PREDICATE_TYPES.training].some(
    (type) => type === predicateType,
  );
}

/** The first is the artifact, and the others are further names of it; of all that is about files, each is a file. */
function subjectsText([first, ...others]: readonly Subject[], one: 'digest' | 'file'): string {
  const noun = one === 'file' ? 'other file' : 'other digest';
  const more = others.length === 0 ? '' : ` (and ${count(others.length, noun)}${one === 'file' ? '' : ' of it'})`;
  return first === undefined ? 'nothing' : `${subjectText(first)}${more}`;
}

function subjectText({ name = '_', digest }: Subject): string {
  const digests = terminalText(digestsText(digest));
  return name === '_' ? digests : `${terminalText(name)} ${digests}`;
}

function digestsText(digests: Subject['digest']): string {
  return Object.entries(digests)
    .map(([algorithm, hex]) => `${algorithm}:${hex}`)
    .join(', ');
}

function detailRows(statement: Statement): Row[] {
  switch (statement.predicateType) {
    case PREDICATE_TYPES.scan: {
      const { failedTests = [], warnedTests = [], passedTests = [], url } = statement.predicate;
      return [
        ...listRow('failed', failedTests),
        ...listRow('warned', warnedTests),
        ...listRow('passed', passedTests),
        ...(url === undefined ? [] : [['run', terminalText(url)] as const]),
      ];
    }
    case PREDICATE_TYPES.approval: {
      const until = approvedBy(statement.predicate.properties)?.until;
      const { timeCreated, verifier } = statement.predicate;
      const under = verifier.policies.flatMap(({ uri }) => (uri === undefined ? [] : [uri]));
      return [
        ['approved', `${timeCreated}${until === undefined ? '' : `, until ${formatTime(until)}`}`],
        ...listRow('under', under),
      ];
    }
    case PREDICATE_TYPES.waiver: {
      const { file, reason, owner, timeCreated, expires } = statement.predicate;
      return [
        ...(file === undefined ? [] : [['only in', terminalText(file)] as const]),
        ['reason', terminalText(reason)],
        ['owner', terminalText(owner)],
        ['waived', `${timeCreated}, until ${expires}`],
      ];
    }
    case PREDICATE_TYPES['break-glass']: {
      const { reference, outcomes, reason, owner, timeCreated, expires } = statement.predicate;
      return [
        ['lets pass', outcomes.join(', ')],
        ['only', reference === null ? 'objects that name no model' : terminalText(reference)],
        ['reason', terminalText(reason)],
        ['owner', terminalText(owner)],
        ['waived', `${timeCreated}, until ${expires}`],
      ];
    }
    case PREDICATE_TYPES.baseline: {
      const { templates, reason, owner, timeCreated, expires } = statement.predicate;
      return [
        ['lets go on', count(templates.length, 'Pod template')],
        ['reason', terminalText(reason)],
        ['owner', terminalText(owner)],
        ['from', `${timeCreated}, until ${expires}`],
      ];
    }
    case PREDICATE_TYPES.image: {
      const { facts, platforms, reason, timeCreated, expires } = statement.predicate;
      return [
        ['starts', terminalText([...facts.entrypoint, ...facts.cmd].join(' '))],
        ['on', terminalText(platforms.join(', '))],
        ...(reason === '' ? [] : [['reason', terminalText(reason)] as const]),
        ['approved', `${timeCreated}${expires === undefined ? '' : `, until ${expires}`}`],
      ];
    }
    case PREDICATE_TYPES.conversion: {
      const { source, tool, salvaged, sandbox, timeCreated, files } = statement.predicate;
      return [
        ['source', `${terminalText(source.pinned)}${source.digest === null ? '' : ` ${source.digest}`}`],
        ['verdict', `${source.verdict}${salvaged ? ', from which the tensors were taken' : ''}`],
        [
          'converted',
          `${timeCreated}, by ${tool.name} ${terminalText(tool.version)}${sandbox === null ? '' : ', with code of the model in a sandbox'}`,
        ],
        ...listRow(
          'verified',
          files.map(
            ({ path, verification }) =>
              `${path}: ${verification?.kind ?? 'no'}${verification?.of === 'onnx graph' ? ', of its ONNX graph' : ''}`,
          ),
        ),
      ];
    }
    case PREDICATE_TYPES.tests: {
      const { suite, device, tool, timeCreated, tests, baseline } = statement.predicate;
      const of = (status: 'pass' | 'fail' | 'not-assessed') =>
        tests.filter((test) => test.status === status).map(({ id }) => id);
      return [
        ['suite', `${terminalText(suite.name)} sha256:${suite.sha256}`],
        ...(baseline === null ? [] : [['beside', `${terminalText(baseline.path)} sha256:${baseline.sha256}`] as const]),
        [
          'ran on',
          device === null
            ? 'nothing: the model does not run'
            : `${device.device} (${terminalText(device.runtime.name)})`,
        ],
        ...listRow('failed', of('fail')),
        ...listRow('passed', of('pass')),
        ...listRow('open', of('not-assessed')),
        ['tested', `${timeCreated}, by ${tool.name} ${terminalText(tool.version)}`],
      ];
    }
    case PREDICATE_TYPES.data: {
      const { rows, baseline, checks, profile, tool, timeCreated } = statement.predicate;
      const of = (status: 'pass' | 'fail' | 'not-assessed') =>
        checks.filter((check) => check.status === status).map(({ id }) => id);
      return [
        ['rows', String(rows)],
        ['profile', `sha256:${profile.sha256}`],
        ...(baseline === null ? [] : [['beside', baseline.sha256] as const]),
        ...listRow('failed', of('fail')),
        ...listRow('passed', of('pass')),
        ...listRow('open', of('not-assessed')),
        ['checked', `${timeCreated}, by ${tool.name} ${terminalText(tool.version)}`],
      ];
    }
    case PREDICATE_TYPES.training: {
      const { buildDefinition, runDetails } = statement.predicate;
      const inputs = trainingInputs(statement.predicate);
      const of = (role: InputRole) => (typeof inputs === 'string' ? [] : inputs.filter((input) => input.role === role));
      const rowOf = (label: string, role: InputRole) =>
        listRow(
          label,
          of(role).map(({ name, digests }) => `${name} ${digestsText(digests)}`),
        );
      const { run } = buildDefinition.externalParameters;
      return [
        ...(run === undefined ? [] : [['run', terminalText(run)] as const]),
        ...rowOf('data', 'data'),
        ...rowOf('base', 'base'),
        ...rowOf('code', 'code'),
        ['built by', terminalText(runDetails.builder.id)],
      ];
    }
    case PREDICATE_TYPES.decision: {
      const { resourceUri, policy, verifiedLevels, timeVerified, inputAttestations = [] } = statement.predicate;
      const inputs = inputAttestations.map(({ name, uri, digest }) => name ?? uri ?? digest?.sha256 ?? 'evidence');
      return [
        ['resource', terminalText(resourceUri)],
        ['policy', terminalText(policy.uri ?? '')],
        ['levels', verifiedLevels.map((level) => terminalText(level)).join(', ')],
        ['decided', timeVerified],
        ...listRow('evidence', inputs),
      ];
    }
    case PREDICATE_TYPES['ml-bom']:
    case PREDICATE_TYPES['model-signature']:
      return [];
  }
}

function listRow(label: string, items: readonly string[]): Row[] {
  if (items.length === 0) return [];
  const shown = items.slice(0, MAX_LISTED).map((item) => terminalText(item));
  const more = items.length - shown.length;
  return [[label, `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`]];
}

export function rowsText(rows: readonly Row[]): string {
  return rows.map(([label, text]) => `  ${label.padEnd(10)} ${text}\n`).join('');
}
