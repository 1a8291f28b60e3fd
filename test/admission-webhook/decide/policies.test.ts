import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AdmissionPolicies,
  compileAdmissionPolicies,
  type PolicyInput,
  readAdmissionConfig,
} from '../../../admission-webhook/src/index.ts';
import { extractReferences } from '../../../src/workload/index.ts';
import { podOf } from '../../workload/build.ts';
import { COMMIT, gateOf, requestOf, reviewOf } from './support.ts';

const NONE = { kind: 'none', why: 'not needed' } as const;

function policies(...expressions: readonly string[]): AdmissionPolicies {
  const at = { line: 1, column: 1 };
  const documents = expressions.map((text, index) => {
    return { id: `rule-${index}`, at, message: 'no', action: 'warn', expression: { text, at } } as const;
  });
  const compiled = compileAdmissionPolicies(documents);
  if (compiled.kind === 'problems') throw new Error(compiled.problems[0]?.message);
  return compiled.policies;
}

function inputOf(object: unknown, more = {}): PolicyInput {
  const request = requestOf(reviewOf(Object(object), more));
  const rule = gateOf(NONE, { defaults: { stage: 'production' } }).namespaces.ruleOf('models');
  return { request, found: extractReferences(request.object), rule, outcomes: ['unpinned', 'approved'] };
}

const POD = {
  ...Object(podOf({ image: 'vllm/vllm-openai:v1', args: ['--model', 'acme/good', '--revision', COMMIT] })),
  metadata: { labels: { team: 'vision' }, annotations: { 'a.b/c': 'd', odd: 1 } },
};

describe('policies of the configuration', () => {
  it.each([
    'request.operation == "CREATE" && request.kind == "Pod" && request.group == "" && request.resource == "pods"',
    'request.username == "alice" && "system:authenticated" in request.groups && !request.dryRun',
    'request.labels["team"] == "vision" && !("odd" in request.annotations)',
    'references.all(r, r.scheme == "hf" && r.pinned && r.role == "model" && r.endpoint == null)',
    'references.exists(r, r.reference.startsWith("hf://acme/good@") && r.container == "c" && r.via == "vllm")',
    'images.size() == 1 && images.all(i, i.reference.startsWith("oci://docker.io/vllm/"))',
    'unresolved.size() == 0 && podSpecs == 1',
    'rule.stage == "production" && rule.mode == "enforce"',
    '"approved" in outcomes && outcomes.size() == 2',
    'object.spec.containers[0].args[1] == "acme/good" && !has(object.spec.hostNetwork)',
  ])('can read the fields of %s', (expression) => {
    expect(policies(expression).judge(inputOf(POD))).toEqual([]);
    expect(policies(`!(${expression})`).judge(inputOf(POD))).toEqual([{ id: 'rule-0', action: 'warn', message: 'no' }]);
  });

  it('deny when they cannot be evaluated, whatever their action', () => {
    for (const expression of [
      'object.spec.replicas > 1',
      'request.labels["x"] == "y"',
      'object.spec',
      'references[3].pinned',
    ]) {
      expect(policies(expression).judge(inputOf(POD))).toEqual([
        { id: 'rule-0', action: 'deny', message: expect.stringMatching(/^the rule could not be evaluated: ./) },
      ]);
    }
  });

  it('deny when their evaluation would cost too much', () => {
    const args = Array.from({ length: 15_000 }, (_, at) => `--x${at}`);
    const large = inputOf({ ...Object(podOf({ args })) });
    const walks = 'object.spec.containers[0].args.all(a, object.spec.containers[0].args.all(b, a != b || a == b))';
    expect(policies(walks).judge(large)).toMatchObject([
      { action: 'deny', message: expect.stringContaining('too many items') },
    ]);
    const many = policies(...Array.from({ length: 100 }, () => 'object.spec.containers[0].args.all(a, a != "y")'));
    const rulings = many.judge(large);
    expect(rulings.length).toBeGreaterThan(50);
    for (const { action, message } of rulings)
      expect([action, message]).toEqual(['deny', expect.stringMatching(/too many/)]);
  });

  it('deny when they read an object that is too large, and are not affected by its size otherwise', () => {
    const data = Object.fromEntries(Array.from({ length: 30_000 }, (_, at) => [`k${at}`, 'v']));
    const large = inputOf({ apiVersion: 'v1', kind: 'ConfigMap', data });
    expect(policies('object.kind == "ConfigMap"').judge(large)).toMatchObject([
      { action: 'deny', message: expect.stringContaining('more than 20000 values') },
    ]);
    expect(policies('request.kind == "ConfigMap"').judge(large)).toEqual([]);
  });

  it('are type-checked when they are read', () => {
    for (const expression of [
      'request.kindd == "x"',
      'now > 1',
      'request.kind',
      'files.all(f, true)',
      'true &&',
      'outcomes.all(o, o == "approvd")',
    ])
      expect(() => policies(expression)).toThrow();
  });

  it('apply as configured', () => {
    const text = `
apiVersion: assay.dev/v1
kind: AdmissionConfig
spec:
  policies:
    - id: production-by-digest
      expression: rule.stage != "production" || images.all(i, i.pinned)
      message: in production, name images by their digest
`;
    const { policies: read } = readAdmissionConfig(text, 'gate.yaml');
    expect(read.judge(inputOf(POD))).toEqual([
      { id: 'production-by-digest', action: 'deny', message: 'in production, name images by their digest' },
    ]);
  });

  it('do not throw for any object', () => {
    const all = policies(
      'object.spec.containers.all(c, c.image.matches("^[a-z]+$"))',
      'references.all(r, r.revision == null || r.revision.size() > 3)',
      'object.metadata.name == request.name',
    );
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (spec) => {
        const object = JSON.parse(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec }));
        for (const { action } of all.judge(inputOf(object))) expect(['warn', 'deny']).toContain(action);
      }),
      { numRuns: 200 },
    );
  });
});
