import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { isSignatureError, type SignatureProblem } from '../../../src/integrity/envelope/signature-error.ts';
import { createStatement } from '../../../src/integrity/statements/create.ts';
import { readStatement } from '../../../src/integrity/statements/read.ts';
import { approvalProperty, isStage, parseApprovalProperty } from '../../../src/integrity/statements/stage.ts';
import { PREDICATE_TYPES, STATEMENT_TYPE } from '../../../src/integrity/statements/statement.ts';
import { isAbout, parseDigest, subjectsOf } from '../../../src/integrity/statements/subject.ts';
import { formatTime, parseTime } from '../../../src/integrity/statements/time.ts';
import {
  bytesOf,
  COMMIT,
  INPUTS,
  KINDS,
  LATER,
  NOW,
  OTHER_TREE,
  SUBJECTS,
  sample,
  TREE,
} from '../attestations/samples.ts';

function expectProblem(work: () => unknown, problem: SignatureProblem, message: RegExp): void {
  const error = thrown(work);
  expect(isSignatureError(error) && error.problem).toBe(problem);
  expect(String(error)).toMatch(message);
}

function thrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

/** A sample with one field replaced; `undefined` removes it. */
function changed(kind: (typeof KINDS)[number], path: readonly (string | number)[], value: unknown): Buffer {
  const copy = JSON.parse(JSON.stringify(sample(kind)));
  const holder = path.slice(0, -1).reduce((node, key) => node[key], copy);
  holder[path.at(-1) ?? ''] = value;
  return bytesOf(copy);
}

/** A waiver with a second spelling of a field before the first. */
function twice(key: string, value: unknown): Buffer {
  return Buffer.from(`{"${key}":${JSON.stringify(value)},${bytesOf(sample('waiver')).toString().slice(1)}`);
}

describe('a statement', () => {
  it.each(KINDS)('of the kind %s is parsed back unchanged', (kind) => {
    expect(readStatement(bytesOf(sample(kind)))).toEqual(sample(kind));
  });

  it('of an approval names the stage, the end, the policy and the ruleset', () => {
    const { predicate } = createStatement('approval', INPUTS.approval);
    expect(predicate.properties).toEqual(['ASSAY_APPROVED_FOR_PRODUCTION_UNTIL_20990131T000000Z']);
    expect(predicate.verifier.policies.map(({ name }) => name)).toEqual(['policy', 'ruleset']);
    expect(predicate.timeCreated).toBe('2026-11-25T12:00:00Z');
  });

  it('of an approval without a policy and ruleset names none', () => {
    const { predicate } = createStatement('approval', { subjects: SUBJECTS, stage: 'staging', at: NOW });
    expect(predicate.verifier.policies).toEqual([]);
    expect(predicate.properties).toEqual(['ASSAY_APPROVED_FOR_STAGING']);
  });

  it.each([
    { method: 'service', issuer: 'https://login.example', subject: 'rita', role: 'reviewer' },
    { method: 'service', subject: 'ci' },
  ] as const)('of an approval signed by a service names the approver: %o', (approver) => {
    const statement = createStatement('approval', { ...INPUTS.approval, approver });
    expect(statement.predicate.approver).toEqual(approver);
    expect(readStatement(bytesOf(statement))).toEqual(statement);
  });

  it.each([
    ['another method', { method: 'key', subject: 'rita' }, /method is not service/],
    ['a missing subject', { method: 'service' }, /subject is missing/],
    ['an empty subject', { method: 'service', subject: '' }, /subject is empty/],
    ['an unknown field', { method: 'service', subject: 'rita', admin: true }, /admin is an unknown field/],
    ['a null approver', null, /of the wrong kind/],
  ])('is refused for an approval with %s', (_, approver, message) => {
    const bytes = changed('approval', ['predicate', 'approver'], approver);
    expect(() => readStatement(bytes)).toThrow(message);
  });

  it.each([
    ['allow', 'PASSED', 'ASSAY_ALLOWED'],
    ['warn', 'PASSED', 'ASSAY_ALLOWED_WITH_WARNINGS'],
    ['deny', 'FAILED', 'FAILED'],
  ] as const)('of a decision to %s is %s', (action, result, level) => {
    const { predicate } = createStatement('decision', { ...INPUTS.decision, action });
    expect(predicate).toMatchObject({ verificationResult: result, verifiedLevels: [level], slsaVersion: '1.1' });
  });

  it('encodes any policy name as a URN', () => {
    const policy = { ...INPUTS.decision.policy, name: 'our own/\u{1f389}\ud800' };
    const made = createStatement('decision', { ...INPUTS.decision, policy });
    expect(made.predicate.policy.uri).toBe('urn:assay:policy:our%20own%2F%F0%9F%8E%89%EF%BF%BD');
    expect(readStatement(bytesOf(made))).toEqual(made);
  });

  it('of a bill of materials or a model signature is preserved', () => {
    for (const kind of ['ml-bom', 'model-signature'] as const) {
      const made = {
        _type: STATEMENT_TYPE,
        subject: SUBJECTS,
        predicateType: PREDICATE_TYPES[kind],
        predicate: { bomFormat: 'CycloneDX', components: [{ type: 'machine-learning-model' }] },
      };
      expect(readStatement(bytesOf(made))).toEqual(made);
    }
  });

  it('can have unknown fields of later versions, which are ignored', () => {
    const later = { ...sample('decision'), extra: 1 };
    expect(readStatement(bytesOf(later))).toEqual(sample('decision'));
    expect(readStatement(changed('scan', ['predicate', 'later'], { a: 1 }))).toEqual(sample('scan'));
  });

  it.each<[string, Buffer, SignatureProblem, RegExp]>([
    ['invalid JSON', Buffer.from('{"_type":'), 'statement', /not a statement: it is not JSON/],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'statement', /is not UTF-8/],
    ['a list', bytesOf([]), 'statement', /its _type is missing/],
    ['two predicates', twice('predicate', {}), 'statement', /names "predicate" twice in one object/],
    [
      'two types, one of them in escaped spelling',
      twice('predicate\\u0054ype', 'x'),
      'statement',
      /names "predicateType" twice/,
    ],
    ['another type', changed('scan', ['_type'], 'https://in-toto.io/Statement/v0.1'), 'statement', /its _type is not/],
    ['no subject', changed('scan', ['subject'], []), 'statement', /has no subject/],
    [
      'a subject without a digest',
      changed('scan', ['subject', 0, 'digest'], {}),
      'statement',
      /does not contain a digest/,
    ],
    [
      'a digest in capitals',
      changed('scan', ['subject', 0, 'digest', 'sha256'], 'A1'.repeat(32)),
      'statement',
      /contains an invalid/,
    ],
    ['a short digest', changed('scan', ['subject', 0, 'digest', 'sha256'], 'a1'), 'statement', /contains an invalid/],
    [
      'a short commit',
      changed('scan', ['subject', 0, 'digest', 'gitCommit'], 'a1'),
      'statement',
      /contains an invalid/,
    ],
    ['too many subjects', changed('scan', ['subject'], Array(1001).fill(SUBJECTS[0])), 'statement', /too many/],
    [
      'another predicate',
      changed('scan', ['predicateType'], 'https://slsa.dev/provenance/v0.2'),
      'predicate',
      /provenance/,
    ],
    [
      'a predicate that is a string',
      changed('scan', ['predicate'], 'x'),
      'statement',
      /its predicate is of the wrong kind/,
    ],
    [
      'the predicate of another type',
      changed('scan', ['predicateType'], PREDICATE_TYPES.waiver),
      'statement',
      /predicate/,
    ],
    ['an unknown result', changed('scan', ['predicate', 'result'], 'GOOD'), 'statement', /not one of PASSED/],
    ['PASSED with a failure', changed('scan', ['predicate', 'result'], 'PASSED'), 'statement', /did not pass/],
    ['a repeated test', changed('scan', ['predicate', 'failedTests'], ['integrity.checksum']), 'statement', /twice/],
    [
      'no configuration',
      changed('scan', ['predicate', 'configuration'], undefined),
      'statement',
      /configuration is missing/,
    ],
    [
      'an empty descriptor',
      changed('scan', ['predicate', 'configuration', 0], { name: 'a' }),
      'statement',
      /neither a uri/,
    ],
    [
      'an approval of another verifier',
      changed('approval', ['predicate', 'verifier', 'id'], 'https://x.example/v'),
      'statement',
      /another verifier/,
    ],
    [
      'an approval without a stage',
      changed('approval', ['predicate', 'properties'], ['SLSA_BUILD_LEVEL_3']),
      'statement',
      /exactly one stage/,
    ],
    [
      'an approval of two stages',
      changed('approval', ['predicate', 'properties'], ['ASSAY_APPROVED_FOR_A', 'ASSAY_APPROVED_FOR_B']),
      'statement',
      /exactly one stage/,
    ],
    [
      'an approval with an invalid end',
      changed('approval', ['predicate', 'properties'], ['ASSAY_APPROVED_FOR_A_UNTIL_20270230T000000Z']),
      'statement',
      /a name that is not a stage/,
    ],
    [
      'an approval without policies',
      changed('approval', ['predicate', 'verifier', 'policies'], undefined),
      'statement',
      /policies is missing/,
    ],
    [
      'a time with an offset',
      changed('approval', ['predicate', 'timeCreated'], '2026-11-25T12:00:00+01:00'),
      'statement',
      /not a time like/,
    ],
    [
      'a waiver without an end',
      changed('waiver', ['predicate', 'expires'], undefined),
      'statement',
      /expires is missing/,
    ],
    [
      'a waiver that expires before it begins',
      changed('waiver', ['predicate', 'expires'], '2026-01-01T00:00:00Z'),
      'statement',
      /expires before/,
    ],
    [
      'a waiver of a malicious verdict',
      changed('waiver', ['predicate', 'rule'], 'verdict.malicious'),
      'statement',
      /cannot be waived/,
    ],
    ['a waiver of every rule', changed('waiver', ['predicate', 'rule'], '*'), 'statement', /is not a rule/],
    ['a waiver without a reason', changed('waiver', ['predicate', 'reason'], ''), 'statement', /reason is empty/],
    [
      'a waiver with an unknown field',
      changed('waiver', ['predicate', 'scope'], 'all'),
      'statement',
      /scope is an unknown field/,
    ],
    [
      'a decision without a policy URI',
      changed('decision', ['predicate', 'policy', 'uri'], undefined),
      'statement',
      /policy/,
    ],
    [
      'a decision with evidence that has no digest',
      changed('decision', ['predicate', 'inputAttestations', 0], { uri: 'https://a.example/' }),
      'statement',
      /without its digest/,
    ],
    [
      'a decision that PASSED with the level FAILED',
      changed('decision', ['predicate', 'verifiedLevels'], ['FAILED']),
      'statement',
      /contradict/,
    ],
    [
      'a decision that FAILED with a passing level',
      changed('decision', ['predicate', 'verificationResult'], 'FAILED'),
      'statement',
      /contradict/,
    ],
    [
      'a decision with a path as its resource URI',
      changed('decision', ['predicate', 'resourceUri'], './model'),
      'statement',
      /is not a URI/,
    ],
    [
      'a fractional dependency level',
      changed('decision', ['predicate', 'dependencyLevels'], { SLSA_BUILD_LEVEL_1: 0.5 }),
      'statement',
      /dependencyLevels/,
    ],
  ])('with %s is refused', (_, payload, problem, message) => {
    expectProblem(() => readStatement(payload), problem, message);
  });

  it('is never signed when it could not be parsed', async () => {
    const signer = { sign: () => Promise.reject(new Error('it was signed')) };
    const made = createStatement('waiver', { ...INPUTS.waiver, rule: 'verdict.malicious' });
    await expect(signStatement(made, signer)).rejects.toThrow(/cannot be waived/);
  });

  it('without a subject cannot be created', () => {
    expect(() => createStatement('scan', { ...INPUTS.scan, subjects: [] })).toThrow(/needs a subject/);
  });

  it('gives a statement or a refusal for any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(Buffer.from)), (payload) => {
        expectReadOrRefused(payload);
      }),
    );
  });

  it('gives a statement or a refusal for any value of a field', () => {
    const kind = fc.constantFrom(...KINDS);
    fc.assert(
      fc.property(kind, fc.jsonValue(), fc.nat(), (kind, value, at) => {
        const paths = pathsOf(sample(kind));
        expectReadOrRefused(changed(kind, paths[at % paths.length] ?? [], value));
      }),
      { numRuns: 500 },
    );
  });
});

function expectReadOrRefused(payload: Uint8Array): void {
  const read = thrown(() => readStatement(payload));
  if (!isSignatureError(read)) expect(readStatement(bytesOf(read))).toEqual(read);
}

function pathsOf(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  const here = path.length === 0 ? [] : [[...path]];
  if (Array.isArray(value)) return [...here, ...value.flatMap((item, index) => pathsOf(item, [...path, index]))];
  if (typeof value !== 'object' || value === null) return here;
  return [...here, ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

describe('subjects', () => {
  it('are the names of an artifact for each reader, with one algorithm per subject', () => {
    expect(SUBJECTS.map(({ name }) => name)).toEqual([
      `hf://acme/model@${COMMIT}`,
      'oms:reference-order',
      'oms:spec-order',
      'git:commit',
      'oci:manifest',
    ]);
    for (const { digest } of SUBJECTS) expect(Object.keys(digest)).toHaveLength(1);
    expect(subjectsOf({ tree: TREE })).toEqual([{ name: '_', digest: { sha256: 'a1'.repeat(32) } }]);
  });

  it('match by digest and algorithm alone', () => {
    expect(isAbout(SUBJECTS, parseDigest(TREE, 'x'))).toBe(true);
    expect(isAbout(SUBJECTS, parseDigest(`sha256:${'d4'.repeat(32)}`, 'x'))).toBe(true);
    expect(isAbout(SUBJECTS, parseDigest(`gitCommit:${COMMIT}`, 'x'))).toBe(true);
    expect(isAbout(SUBJECTS, parseDigest(OTHER_TREE, 'x'))).toBe(false);
    expect(isAbout([{ digest: { sha512: 'a1'.repeat(32) } }], parseDigest(TREE, 'x'))).toBe(false);
  });

  it.each([
    'a1',
    'sha256:',
    `sha256:${'A1'.repeat(32)}`,
    `md5:${'a'.repeat(32)}`,
    `sha256:${'a1'.repeat(33)}`,
    'gitCommit:abc',
  ])('%s is not a digest', (text) => {
    const error = thrown(() => parseDigest(text, '--digest'));
    expect(isAssayError(error) && error.code).toBe('usage');
  });
});

describe('the stage of an approval', () => {
  it('is parsed back from its property, with its end', () => {
    const stage = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,3}$/).filter(isStage);
    const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
    fc.assert(
      fc.property(stage, fc.option(seconds, { nil: undefined }), (stage, end) => {
        const approved = end === undefined ? { stage } : { stage, until: new Date(end * 1000) };
        expect(parseApprovalProperty(approvalProperty(approved))).toEqual(approved);
      }),
    );
  });

  it.each(['', 'Production', 'a_b', '-a', 'a--b', 'until', 'a-until-20270131t000000z', 'x'.repeat(65)])(
    'is refused: "%s"',
    (stage) => {
      expect(isStage(stage)).toBe(false);
      expect(() => approvalProperty({ stage })).toThrow(/is not a stage/);
    },
  );

  it('is not found in properties of other verifiers', () => {
    for (const property of ['APPROVED', 'ASSAY_APPROVED_FOR_', 'ASSAY_APPROVED_FOR_a', 'XASSAY_APPROVED_FOR_A']) {
      expect(parseApprovalProperty(property)).toBeUndefined();
    }
  });
});

describe('a time', () => {
  it('is parsed from RFC 3339 in UTC only', () => {
    expect(parseTime('2099-01-31T00:00:00Z')).toBe(LATER.getTime());
    expect(parseTime('2099-01-31T00:00:00.250Z')).toBe(LATER.getTime() + 250);
    expect(formatTime(LATER)).toBe('2099-01-31T00:00:00Z');
    for (const text of [
      '2099-01-31',
      '2099-01-31T00:00:00',
      '2099-01-31T00:00:00z',
      '2099-01-31t00:00:00Z',
      '2099-01-31 00:00:00Z',
      '2027-02-30T00:00:00Z',
      '2099-01-31T24:00:00Z',
      '2099-01-31T23:59:60Z',
      '2099-01-31T00:00:00+00:00',
      '+002099-01-31T00:00:00Z',
    ]) {
      expect(parseTime(text), text).toBeUndefined();
    }
  });
});
