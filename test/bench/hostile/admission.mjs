// What one review may cost at most, of objects as large as an API server takes.
import {
  compileAdmissionPolicies,
  decideReview,
  NO_CONFIG,
  NO_POLICIES,
  NO_WAIVERS,
  namespaceRules,
  readReview,
  reviewResponse,
} from '../../../dist/admission-webhook/src/index.js';
import { extractReferences } from '../../../dist/src/workload/index.js';

const NOW = new Date('2026-11-26T00:00:00Z');
const list = (length, of) => Array.from({ length }, (_, at) => of(at));
const pod = (containers) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers } });
const thing = (spec) => ({ apiVersion: 'acme.io/v1', kind: 'Thing', metadata: { name: 'x' }, spec });
const container = (args, at = 0) => ({ name: `c${at}`, image: 'vllm', args });
const state = {
  snapshot: { kind: 'none', why: 'not needed' },
  namespaces: namespaceRules(NO_CONFIG, () => undefined),
  policies: NO_POLICIES,
  exceptions: NO_CONFIG.exceptions,
  baseline: NO_CONFIG.baseline,
  breakGlass: NO_WAIVERS,
  serviceUrl: null,
  ownNamespace: null,
};

/** An update, which holds the object twice, as the API server writes it. */
function reviewOf(object) {
  const [version, group = ''] = object.apiVersion.split('/').reverse();
  const request = {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    kind: { group, version, kind: object.kind },
    resource: { group, version, resource: `${object.kind.toLowerCase()}s` },
    name: 'thing',
    namespace: 'models',
    operation: 'UPDATE',
    userInfo: { username: 'alice', groups: ['system:authenticated'] },
    object,
    oldObject: { ...object, metadata: { name: 'y' } },
    dryRun: false,
  };
  return Buffer.from(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }));
}

function requestOf(body) {
  const read = readReview(body);
  if (read.kind !== 'request') throw new Error(`the review is malformed: ${read.problem}`);
  return read.request;
}

function answered(name, object) {
  const body = reviewOf(object);
  const run = async () => {
    const request = requestOf(body);
    const given = decideReview(request, state, NOW);
    if (given.record.rulings.length === 0) throw new Error(`${name}: nothing was decided`);
    JSON.stringify(reviewResponse(given, request.uid));
  };
  return { name: `a review of ${name}`, limitMs: 5_000, run };
}

const ARGS = 'object.spec.containers[0].args';
const at = { line: 1, column: 1 };

async function walkTooMuch() {
  const text = `${ARGS}.all(a, ${ARGS}.all(b, a != b || a == b))`;
  const costly = { id: 'rule', at, message: 'no', action: 'warn', expression: { text, at } };
  const compiled = compileAdmissionPolicies([costly]);
  if (compiled.kind === 'problems') throw new Error(compiled.problems[0].message);
  const request = requestOf(reviewOf(pod([container(list(15_000, (n) => `--x${n}`))])));
  const rule = state.namespaces.ruleOf('models');
  const input = { request, found: extractReferences(request.object), rule, outcomes: [] };
  const [ruling] = compiled.policies.judge(input);
  if (ruling?.action !== 'deny') throw new Error('a rule that walks too much is not refused');
}

export const cases = [
  answered('3,000 containers', pod(list(3_000, (n) => container(['--model', `acme/m${n}`, '--config', 'x'], n)))),
  answered('50,000 arguments', pod([container(list(50_000, (n) => `hf://acme/m${n}`))])),
  answered('500,000 openings of a variable', pod([container(['--model', `s3://bucket/${'$('.repeat(500_000)}`])])),
  answered('100,000 addresses', thing(list(100_000, (n) => `hf://acme/m${n}`))),
  answered('900 lists in lists', thing(JSON.parse(`${'['.repeat(900)}"hf://a/b"${']'.repeat(900)}`))),
  { name: 'a rule that would walk 15,000 times 15,000 arguments', limitMs: 1_000, run: walkTooMuch },
];
