import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../cli/run-cli.ts';
import { tempFolder } from '../support/temp.ts';
import { CLEAN, MALICIOUS } from './artifacts.ts';
import { Repository } from './repository.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLES = join(ROOT, 'action', 'examples');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const action = parse(read('action/action.yml'));
const scratch = tempFolder();

interface Workflow {
  readonly permissions: object;
  readonly jobs: Readonly<
    Record<string, { readonly permissions: Readonly<Record<string, string>>; readonly steps: readonly Step[] }>
  >;
}

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

describe.each(['pull-request.yml', 'nightly.yml', 'release.yml'])('the example %s', (name) => {
  const text = readFileSync(join(EXAMPLES, name), 'utf8');
  const workflow: Workflow = parse(text);
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  it('requests no permission but those of its job', () => {
    expect(workflow.permissions).toEqual({});
    const asked = Object.fromEntries(jobs.flatMap((job) => Object.entries(job.permissions)));
    const uploads = text.includes('upload-sarif');
    expect('security-events' in asked).toBe(uploads);
    expect('pull-requests' in asked).toBe(text.includes('comment: '));
    expect('id-token' in asked).toBe(text.includes('--keyless'));
    expect(asked.contents).toBe(text.includes('gh release') ? 'write' : 'read');
  });

  it('sets only inputs and reads only outputs that the Action has', () => {
    const used = steps.filter(({ uses }) => uses?.startsWith('OWNER/assay/action@'));
    expect(used).toHaveLength(1);
    for (const step of used)
      for (const input of Object.keys(step.with ?? {})) expect(Object.keys(action.inputs)).toContain(input);
    for (const [, output] of text.matchAll(/steps\.assay\.outputs\.([\w-]+)/g))
      expect(Object.keys(action.outputs)).toContain(output);
  });

  it('leaves no credential in the checkout, and inserts no event data into a script', () => {
    const checkout = steps.find(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkout?.with).toMatchObject({ 'persist-credentials': false });
    for (const step of steps) expect(String((step as { run?: string }).run ?? '')).not.toContain('${{');
  });
});

describe('the documentation of the Action', () => {
  it('lists every input and output', () => {
    const page = read('docs/action.md');
    for (const name of [...Object.keys(action.inputs), ...Object.keys(action.outputs)])
      expect(page).toContain(`\`${name}\``);
  });
});

describe('the pre-commit hook', () => {
  const [hook] = parse(read('.pre-commit-hooks.yaml'));

  it('fails on a malicious model, and passes a clean one', async () => {
    const repository = new Repository(join(scratch, 'hook')).write('bad.pkl', MALICIOUS).write('good.pkl', CLEAN);
    const [program, ...args] = String(hook.entry).split(' ');
    expect(program).toBe('assay');
    const names = (...all: string[]) => all.map((name) => join(repository.folder, name));
    expect((await runCli([...args, ...names('good.pkl')])).code).toBe(0);
    expect((await runCli([...args, ...names('good.pkl', 'bad.pkl')])).code).toBe(1);
    const files = new RegExp(hook.files);
    expect(['a/model.pt', 'x.safetensors', 'x.py', 'README.md'].map((name) => files.test(name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('the GitLab template', () => {
  it('runs a command that exists, with a policy of the target branch', async () => {
    const template = parse(readFileSync(join(EXAMPLES, 'gitlab-ci.yml'), 'utf8'));
    const script: readonly string[] = template.assay.script;
    expect(script[0]).toContain('CI_MERGE_REQUEST_DIFF_BASE_SHA');
    const repository = new Repository(join(scratch, 'gitlab')).write('bad.pkl', MALICIOUS);
    const output = join(scratch, 'junit.xml');
    const words = (script[1] ?? '').split(' ').slice(1);
    const given = words.map((word) =>
      word
        .replace('"$ASSAY_PATH"', repository.folder)
        .replace('"$policy"', 'baseline')
        .replace('assay-junit.xml', output),
    );
    expect((await runCli(given)).code).toBe(1);
    expect(readFileSync(output, 'utf8')).toContain('<testsuites');
  });
});

describe('the Dockerfile of the Action', () => {
  it('is valid, and copies only files that exist', () => {
    const text = readFileSync(join(EXAMPLES, 'ci.Dockerfile'), 'utf8');
    expect(validate(text).map(({ message }) => message)).toEqual([]);
    const sources = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) expect(readdirSync(ROOT)).toContain(source.split('/')[0]);
  });
});
