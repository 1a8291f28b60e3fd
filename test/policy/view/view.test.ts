import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { caseAssessment } from '../../../src/policy/cases/assessment.ts';
import { celLibrary } from '../../../src/policy/cel/library.ts';
import type { Type } from '../../../src/policy/cel/types.ts';
import { VIEW, VIEW_VERSION } from '../../../src/policy/view/schema.ts';
import { recordWithin, typeText } from '../../../src/policy/view/text.ts';
import { PolicyView } from '../../../src/policy/view/view.ts';

const NONE: ReadonlySet<string> = new Set();

/** One assessment with every field that a view can hold. */
const full = caseAssessment({
  files: [
    { path: 'a.pkl', format: 'pickle', imports: ['os.system'], reasons: ['it ends early'] },
    { path: 'b', sha256: null, digestBasis: 'none' },
  ],
  findings: [
    { ruleId: 'a.b', file: 'a.pkl', member: 'm', offset: 1, line: 2, evidence: 'e' },
    { ruleId: 'c', file: 'b' },
  ],
  checks: [{ id: 'integrity.checksum', status: 'pass' }],
  signatures: [
    { status: 'verified', signer: { kind: 'key', keyHint: 'ab' } },
    { status: 'verified', signer: { kind: 'certificate', subject: 'CN=a', issuer: 'CN=b', names: ['a'] } },
    { status: 'partial', signer: { kind: 'sigstore', identity: 'a', issuer: 'b' }, uncovered: ['b'] },
    { status: 'failed', problem: 'changed' },
  ],
  tests: [
    { suite: 'digits', status: 'pass', device: 'cuda', drivers: ['libcuda.so.560'], baseline: 'ab'.repeat(32) },
    { suite: 'digits', status: 'fail' },
  ],
});
const views = [full, caseAssessment({ files: [] }), ...ofReferences()].map((assessment) =>
  new PolicyView({ assessment, now: new Date(0), waived: NONE, waivedFiles: NONE }).for({
    approvals: [
      {
        stage: 'production',
        signer: 'a',
        method: 'key',
        at: '2026-01-01T00:00:00Z',
        digest: assessment.artifact.digest ?? '',
      },
    ],
    environment: { stage: 'production', labels: { region: 'eu' } },
  }),
);

function ofReferences() {
  const digest = 'ab'.repeat(32);
  return [
    './model',
    'hf://gpt2',
    `https://example.com/a.gguf#sha256=${digest}`,
    's3://bucket/a.gguf?versionId=7',
    'oci://ghcr.io/a/b:1',
    `oci://ghcr.io/a/b@sha256:${digest}`,
    'models:/acme/3',
  ].map((ref) => caseAssessment({ artifact: { ref } }));
}

/** The differences between a value and its type; empty when it conforms. */
function misfits(value: unknown, type: Type, path: string): string[] {
  const { cel } = celLibrary();
  const wrong = [`${path} is not a valid ${typeText(type)}: ${String(value)}`];
  switch (type.kind) {
    case 'any':
      return [];
    case 'optional':
      return value === null ? [] : misfits(value, type.of, path);
    case 'bool':
      return typeof value === 'boolean' ? [] : wrong;
    case 'int':
      return typeof value === 'bigint' ? [] : wrong;
    case 'string':
      return typeof value === 'string' ? [] : wrong;
    case 'words':
      return typeof value === 'string' && type.words.includes(value) ? [] : wrong;
    case 'timestamp':
      return typeof value === 'object' && value !== null && 'message' in value ? [] : wrong;
    case 'list':
      return cel.isCelList(value) ? [...value].flatMap((item) => misfits(item, type.of, `${path}[]`)) : wrong;
    case 'map':
      return cel.isCelMap(value) ? [...value].flatMap(([, item]) => misfits(item, type.of, `${path}{}`)) : wrong;
    case 'record': {
      if (!cel.isCelMap(value)) return wrong;
      const keys = [...value.keys()].map(String);
      const strangers = keys
        .filter((key) => !Object.hasOwn(type.fields, key))
        .map((key) => `${path}.${key} is not described`);
      const fields = Object.entries(type.fields).flatMap(([key, field]) => {
        return keys.includes(key)
          ? misfits(value.get(key), field.type, `${path}.${key}`)
          : [`${path}.${key} is missing`];
      });
      return [...strangers, ...fields];
    }
    default:
      return wrong;
  }
}

/** Includes the names that it shares with other views. */
function namesOf(view: object): string[] {
  const names: string[] = [];
  for (const name in view) names.push(name);
  return names;
}

describe('the view of an expression', () => {
  it('has exactly the declared fields, each of its type', () => {
    for (const view of views) {
      expect(namesOf(view).sort()).toEqual(Object.keys(VIEW).sort());
      for (const name of namesOf(view)) {
        const value = view[name];
        const { type } = VIEW[name] ?? { type: { kind: 'null' as const } };
        expect(misfits(value, type, name)).toEqual([]);
      }
    }
  });

  it('is checked by a test that detects a wrong type', () => {
    const [view] = views;
    expect(misfits(view?.now, { kind: 'string' }, 'now')).toHaveLength(1);
    expect(misfits(view?.source, { kind: 'record', name: 'x', fields: {} }, 'source')).toHaveLength(5);
  });

  it('is described in policies/README.md, field by field', () => {
    const readme = readFileSync(new URL('../../../policies/README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`## The view, ${VIEW_VERSION}\n`);
    expect(readme.slice(readme.indexOf('\n### `artifact`') + 1)).toBe(viewMarkdown());
  });
});

function viewMarkdown(): string {
  return Object.entries(VIEW)
    .map(([name, { type, about }]) => {
      const fields = Object.entries(recordWithin(type)?.fields ?? {}).map(
        ([key, field]) => `| \`${key}\` | ${cell(typeText(field.type))} | ${cell(field.about)} |`,
      );
      const table = fields.length === 0 ? [] : ['', '| field | type | |', '|---|---|---|', ...fields];
      const what = type.kind === 'record' || type.kind === 'any' ? about : `${capital(typeText(type))}. ${about}`;
      return [`### \`${name}\``, '', what, ...table, ''].join('\n');
    })
    .join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
