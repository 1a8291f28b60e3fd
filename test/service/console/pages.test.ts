import { describe, expect, it } from 'vitest';
import type { Conversion } from '../../../src/core/conversion/index.ts';
import type { ProblemCode } from '../../../src/registry/api/index.ts';
import type {
  ApprovalRecord,
  CurrentDecision,
  Job,
  StoredWaiver,
  TestRun,
  Transition,
  Version,
} from '../../../src/registry/index.ts';
import type { Html } from '../../../src/report/html/html.ts';
import { actPage } from '../../../src/service/console/pages/act.ts';
import { approvePage } from '../../../src/service/console/pages/approve.ts';
import { assessmentPage } from '../../../src/service/console/pages/assessment.ts';
import { auditPage } from '../../../src/service/console/pages/audit.ts';
import { convertPage } from '../../../src/service/console/pages/convert.ts';
import { jobPage, jobRow, jobsPage } from '../../../src/service/console/pages/jobs.ts';
import { modelPage } from '../../../src/service/console/pages/model.ts';
import { modelsPage } from '../../../src/service/console/pages/models.ts';
import { conversionPage } from '../../../src/service/console/pages/outcomes/conversion.ts';
import { testPage } from '../../../src/service/console/pages/outcomes/test.ts';
import { policiesPage } from '../../../src/service/console/pages/policies.ts';
import { problemPage } from '../../../src/service/console/pages/problem.ts';
import { requestPage } from '../../../src/service/console/pages/request.ts';
import { requestsPage } from '../../../src/service/console/pages/requests.ts';
import { runTestsPage } from '../../../src/service/console/pages/run-tests.ts';
import { signInPage } from '../../../src/service/console/pages/sign-in.ts';
import { submitPage } from '../../../src/service/console/pages/submit.ts';
import { tokensPage } from '../../../src/service/console/pages/tokens.ts';
import { overviewPage } from '../../../src/service/console/pages/version.ts';
import { newWaiverPage, waiversPage } from '../../../src/service/console/pages/waivers.ts';
import type { Viewer } from '../../../src/service/console/parts.ts';
import { reportContext } from '../../../src/service/reports/context.ts';
import { HOSTILE, hostile, verificationOf } from '../../report/hostile.ts';
import { testReport } from '../../report/html/test-sample.ts';
import { all, attribute, parseHtml, shape } from '../../support/parsed-html.ts';

const AT = '2026-01-02T03:04:05.000Z';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const RULESET = { version: '1', digest: DIGEST };

/** Every page, with `text` in each field that a user or an artifact can set. */
function pages(text: string): Readonly<Record<string, Html>> {
  const viewer: Viewer = {
    name: text,
    tenant: 'acme',
    roles: ['submitter', 'reviewer', 'security-approver', 'admin'],
    csrf: 'csrf',
  };
  const version: Version = {
    id: 'v1',
    tenant: 'acme',
    model: text,
    number: 2,
    digest: DIGEST,
    ref: text,
    pinned: [text],
    stage: 'candidate',
    aliases: [text],
    lineage: { baseModels: [{ ref: text, digest: null }], datasets: [text], code: text, run: text },
    createdAt: AT,
    createdBy: text,
  };
  const { assessment, decision } = hostile(text);
  const stored = { id: 'd1', version: 'v1', assessment: 'a1', stage: 'staging', ruleset: RULESET, at: AT } as const;
  const bad = {
    ...decision,
    policy: text,
    violations: [{ rule: text, message: text, findings: [] }],
    rules: [{ id: text, outcome: 'deny', message: text, findings: [] }],
  } as const;
  const decided = { ...stored, decision: bad };
  const answer: CurrentDecision = {
    model: text,
    number: 2,
    digest: DIGEST,
    pinned: [text],
    stage: 'candidate',
    action: 'deny',
    policy: text,
    policyDigest: DIGEST,
    approvedFor: ['candidate'],
    notAfter: AT,
    restsOn: ['waiver'],
    reason: text,
  };
  const request: Transition = {
    id: 't1',
    version: 'v1',
    from: 'candidate',
    to: 'staging',
    state: 'open',
    requestedBy: `${text}!`,
    comment: `${text}\n${text}`,
    at: AT,
    votes: [{ by: text, role: 'reviewer', vote: 'approve', comment: text, at: AT, approval: 'p1' }],
    needed: [{ role: 'reviewer', count: 1 }],
  };
  const approval: ApprovalRecord = {
    id: 'p1',
    version: 'v1',
    stage: 'staging',
    digest: DIGEST,
    policyDigest: DIGEST,
    ruleset: RULESET,
    role: 'reviewer',
    signer: text,
    method: 'service',
    attestation: '{}',
    reevaluation: null,
    at: AT,
    until: AT,
    state: 'valid',
    why: text,
  };
  const job: Job = {
    id: 'j1',
    tenant: 'acme',
    kind: 'scan',
    conversion: null,
    test: null,
    data: null,
    outcome: null,
    decision: null,
    target: text,
    model: text,
    state: 'failed',
    createdBy: text,
    createdAt: AT,
    startedAt: AT,
    endedAt: null,
    attempts: 2,
    priority: 1,
    progress: { filesDone: 1, files: 2, bytesDone: 1, bytes: 2 },
    version: null,
    error: { code: text, message: text },
  };
  const conversion: Conversion = {
    schemaVersion: '1',
    tool: { name: 'assay', version: text },
    ruleset: RULESET,
    target: 'onnx',
    source: { ref: text, pinned: text, digest: DIGEST, verdict: 'suspicious' },
    sandbox: null,
    published: true,
    salvaged: false,
    files: [
      {
        path: text,
        size: 1,
        sha256: 'a'.repeat(64),
        verdict: 'clean',
        from: [{ path: text, sha256: 'b'.repeat(64), verdict: 'suspicious' }],
        format: text,
        tensors: 2,
        leftOut: [{ path: text, what: text }],
        verification: verificationOf(text),
      },
    ],
    indexes: [],
    attestation: null,
    skipped: [{ path: text, why: text }],
  };
  const options = {
    to: 'onnx',
    salvage: false,
    acceptSuspicious: true,
    verify: true,
    rows: null,
    inputShape: null,
    version: 'v1',
    digest: DIGEST,
  } as const;
  const asked = { suite: 'digits', device: 'cpu', version: 'v1', digest: DIGEST } as const;
  const testing: Job = { ...job, kind: 'test', test: asked };
  const compared = { digest: DIGEST, baseline: null, noBaseline: text };
  const converting: Job = { ...job, kind: 'convert', conversion: options };
  const downloads = [{ path: text, size: 1, sha256: 'a'.repeat(64) }];
  const kept = { report: '', conversion, downloads, until: new Date(AT) };
  const waiver: StoredWaiver = {
    id: 'w1',
    tenant: 'acme',
    createdBy: text,
    at: AT,
    revokedAt: null,
    signer: text,
    method: 'service',
    attestation: text,
    waiver: { rule: text, digest: DIGEST, file: text, reason: text, owner: text, expires: '2099-01-01', from: text },
  };
  const entry = {
    seq: 1,
    at: AT,
    tenant: 'acme',
    actor: text,
    action: text,
    subject: text,
    detail: { [text]: [text] },
    previous: 'a',
    hash: 'b',
  };
  const model = {
    tenant: 'acme',
    name: text,
    description: text,
    createdAt: AT,
    createdBy: text,
    versions: 1,
    newest: version,
    stages: { candidate: version, retired: version },
  };
  const answers = new Map([['v1', answer]]);
  const token = {
    id: 'k1',
    tenant: 'acme',
    name: text,
    roles: ['viewer'],
    createdAt: AT,
    createdBy: text,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: AT,
  } as const;
  const draft = {
    why: text,
    typed: new Map(['comment', 'rule', 'reason', 'name', 'ref'].map((name) => [name, [text]])),
  };
  const sha256 = 'a'.repeat(64);
  const run: TestRun = {
    id: text,
    version: version.id,
    digest: DIGEST,
    statement: DIGEST,
    state: 'other-suite',
    suite: { name: text, digest: DIGEST },
    status: 'fail',
    failed: [text],
    model: { path: text, sha256, data: [] },
    data: [{ name: text, rows: 1, sha256: DIGEST }],
    baseline: sha256,
    device: 'cpu',
    tool: { name: 'assay', version: text },
    signer: text,
    method: 'key',
    ranAt: AT,
    at: AT,
    createdBy: text,
    revokedAt: null,
    why: text,
  };
  const policy = { name: text, digest: DIGEST, source: `${text}\n${text}` };
  const now = new Date(AT);
  return {
    models: modelsPage(viewer, {
      models: { items: [model], next: text },
      answers,
      stage: undefined,
      search: text,
      after: text,
    }),
    model: modelPage(viewer, { model, versions: { items: [version], next: text }, answers, after: text }),
    version: overviewPage(viewer, {
      version,
      decisions: [decided],
      answer,
      requests: [request],
      approvals: [approval],
      tests: { suite: { name: text, digest: DIGEST }, check: { id: text, status: 'fail', detail: text }, items: [run] },
      waivers: [waiver],
      baseVersions: [{ ref: text, versions: [version] }],
      seen: { at: AT, findings: 1, files: 2, unjudged: 0, worst: assessment.findings[0], open: 3 },
      refused: [
        { stage: 'staging', rule: text, message: text, next: text, isWaivable: true },
        { stage: 'production', rule: 'verdict.malicious', message: text, next: text, isWaivable: false },
      ],
      said: 'retired',
    }),
    assessment: assessmentPage(
      viewer,
      {
        version,
        decision: decided,
        assessment: { id: 'a1', version: 'v1', assessment, at: AT },
        stages: ['candidate', 'staging'],
      },
      reportContext(),
    ),
    jobs: jobsPage(viewer, {
      jobs: { items: [job], next: text },
      state: undefined,
      kind: undefined,
      after: undefined,
      said: undefined,
    }),
    job: jobPage(viewer, { job: { ...job, state: 'running' }, said: undefined }),
    conversion: conversionPage(viewer, {
      job: { ...converting, state: 'done', error: null, version: 'v2' },
      kept,
      said: undefined,
    }),
    'failed conversion': conversionPage(viewer, { job: converting, kept: undefined, said: undefined }),
    'running conversion': jobPage(viewer, {
      job: { ...converting, state: 'running', progress: { ...job.progress, step: 'convert' } },
      said: undefined,
    }),
    convert: convertPage(viewer, version, true, draft),
    'tests that are done': testPage(viewer, {
      job: { ...testing, state: 'done', error: null, outcome: 'fail' },
      kept: { report: '', tests: testReport(text), context: compared, until: new Date(AT) },
      said: undefined,
    }),
    'failed tests': testPage(viewer, { job: testing, kept: undefined, said: undefined }),
    'running tests': jobPage(viewer, {
      job: { ...testing, state: 'running', progress: { ...job.progress, step: 'test', doing: text } },
      said: undefined,
    }),
    'queue of tests': jobsPage(viewer, {
      jobs: { items: [testing], next: null },
      state: 'failed',
      kind: 'test',
      after: undefined,
      said: undefined,
    }),
    'run tests': runTestsPage(viewer, version, ['digits'], draft),
    'no suites': runTestsPage(viewer, version, [], draft),
    requests: requestsPage(viewer, {
      requests: { items: [request], next: text },
      names: new Map([['v1', text]]),
      state: 'all',
      mine: 1,
      after: text,
      said: undefined,
    }),
    request: requestPage(viewer, {
      request,
      version,
      decision: decided,
      assessed: { findings: assessment.findings, files: assessment.files, changes: undefined },
      said: undefined,
    }),
    approve: approvePage(viewer, {
      request,
      version,
      decision: decided,
      roles: ['reviewer', 'admin'],
      bySession: true,
      draft,
    }),
    key: approvePage(viewer, { request, version, decision: decided, roles: [], bySession: false }),
    act: actPage(viewer, {
      title: text,
      place: 'models',
      crumbs: [{ href: '/console', text }],
      follows: text,
      tone: 'bad',
      facts: [[text, text]],
      action: '/console',
      fields: '',
      why: { name: 'reason', label: text },
      label: text,
      kind: 'danger',
      back: '/console',
    }),
    audit: auditPage(viewer, {
      entries: [entry],
      subject: text,
      next: '/console',
      first: '/console',
      verdict: { kind: 'broken', seq: 1, why: text },
    }),
    policies: policiesPage(viewer, {
      shipped: [{ ...policy, summary: text }],
      inUse: [{ ...policy, stage: 'staging', approvals: [], methods: [] }],
    }),
    waivers: waiversPage(viewer, { waivers: { items: [waiver], next: text }, after: text, said: undefined, now }),
    'new waiver': newWaiverPage(viewer, { digest: text, rule: text }, draft),
    tokens: tokensPage(viewer, { tokens: [token], made: { name: text, secret: text }, said: undefined, now, draft }),
    'sign-in': signInPage({ byIssuer: true, returnTo: `/${text.slice(0, 100)}`, problem: text }),
    submit: submitPage(viewer, 1, draft),
    problem: problemPage(viewer, {
      type: 'x',
      title: text,
      status: 409,
      detail: text,
      code: text as ProblemCode,
      instance: text,
    }),
  };
}

const plain = pages('text');
const someViewer: Viewer = { name: 'vera', tenant: 'acme', roles: ['viewer'], csrf: '' };
const someJob: Job = {
  id: 'j1',
  tenant: 'acme',
  kind: 'scan',
  conversion: null,
  test: null,
  data: null,
  outcome: null,
  decision: null,
  target: 'hf://a/b',
  model: 'a/b',
  state: 'queued',
  createdBy: 'sam',
  createdAt: AT,
  startedAt: null,
  endedAt: null,
  attempts: 1,
  priority: 0,
  progress: { filesDone: 0, files: 0, bytesDone: 0, bytes: 0 },
  version: null,
  error: { code: 'network', message: 'it broke' },
};

describe.each(Object.entries(HOSTILE))('pages with %s in every field', (_, text) => {
  const shown = pages(text);
  it.each(Object.keys(plain))('keep the structure of the page %s', (name) => {
    const [expected, given] = [parseHtml(String(plain[name])), parseHtml(String(shown[name]))];
    expect(given.errors).toEqual([]);
    expect(given.comments).toEqual([]);
    // Comments on one line have no more line breaks; everything else has the elements that plain text has.
    const { 'br ': __, 'bdi ': ___, ...others } = shape(given);
    const { 'br ': ____, 'bdi ': _____, ...same } = shape(expected);
    expect(others).toEqual(same);
    expect(given.text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(String(shown[name]).length).toBeLessThan(200_000);
    for (const element of given.elements) {
      const address = attribute(element, 'href') ?? attribute(element, 'src') ?? attribute(element, 'action') ?? '/';
      expect(address).toMatch(/^(?:\/(?!\/)|#)/);
    }
  });
});

describe('the page of tests', () => {
  const tested: Job = { ...someJob, kind: 'test', state: 'done', error: null, outcome: 'pass' };
  const shown = (job: Job, kept?: Parameters<typeof testPage>[1]['kept']) =>
    parseHtml(String(testPage(someViewer, { job, kept, said: undefined }))).text;
  const context = { digest: DIGEST, baseline: null, noBaseline: 'no version is approved for staging' };
  const kept = { report: '', tests: testReport(), context, until: new Date(AT) };

  it.each([
    ['pass', 'Everything that the suite asks holds.'],
    ['fail', 'The model does not hold what the suite asks.'],
    ['not-assessed', 'The suite does not show that the model behaves'],
  ] as const)('says what the outcome %s means, also without the report', (outcome, sentence) => {
    expect(shown({ ...tested, outcome }, kept)).toContain(sentence);
    const removed = shown({ ...tested, outcome });
    expect(removed).toContain(sentence);
    expect(removed).toContain('Its report was removed.');
  });

  it('says what the model was compared with, or why with nothing', () => {
    expect(shown(tested, kept)).toContain('none was compared with: no version is approved for staging');
    const baseline = { version: 'v9', number: 3, stage: 'production', digest: DIGEST } as const;
    const text = shown(tested, { ...kept, context: { digest: DIGEST, baseline, noBaseline: null } });
    expect(text).toContain('version 3, approved for production');
  });

  it('shows measures with their intervals and what was asked, and figures', () => {
    const page = parseHtml(String(testPage(someViewer, { job: tested, kept, said: undefined })));
    expect(page.text).toContain('at least 0.9, at most 0.01 below the approved version');
    expect(page.text).toContain('0.963 to 0.987');
    expect(all(page, 'figure')).toHaveLength(3);
  });
});

describe('the page of a job', () => {
  const shown = (state: Job['state']) => parseHtml(String(jobRow(someViewer, { ...someJob, state }))).text;
  it.each([
    ['queued', 'Will be retried; the last attempt: it broke'],
    ['running', 'The last attempt: it broke'],
    ['failed', 'Failed it broke'],
  ] as const)('that is %s states the result of its last attempt', (state, says) => {
    expect(shown(state).replace(/\s+/g, ' ')).toContain(says);
  });
});

describe('every page', () => {
  it.each(Object.entries(plain))('%s has landmarks, one h1, a skip link and labels', (_, page) => {
    const parsed = parseHtml(String(page));
    expect(parsed.errors).toEqual([]);
    for (const name of ['main', 'header', 'footer', 'h1']) expect([name, all(parsed, name).length]).toEqual([name, 1]);
    expect(attribute(all(parsed, 'a')[0] ?? fail(), 'href')).toBe('#main');
    expect(all(parsed, 'style')).toEqual([]);
    expect(
      parsed.elements.filter((element) => element.attrs.some(({ name }) => name === 'style' || name.startsWith('on'))),
    ).toEqual([]);
    const ids = parsed.elements.flatMap((element) => attribute(element, 'id') ?? []);
    expect(ids.length).toBe(new Set(ids).size);
    // A form that changes data carries the session's forgery token; sign-in has no session yet.
    const forms = all(parsed, 'form').filter(
      (one) => attribute(one, 'method') === 'post' && attribute(one, 'action') !== '/signin',
    );
    const tokens = all(parsed, 'input').filter(
      (one) => attribute(one, 'name') === '_csrf' && attribute(one, 'value') === 'csrf',
    );
    expect(tokens.length).toBe(forms.length);
  });
});

function fail(): never {
  throw new Error('there is none');
}
