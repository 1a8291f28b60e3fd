import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { toHtml } from '../report/markdown-html.ts';
import { tempFolder } from '../support/temp.ts';
import { MALICIOUS } from './artifacts.ts';
import { Repository } from './repository.ts';
import { pullRequest, type Ran, runAction } from './run-action.ts';

const scratch = tempFolder();
let repository: Repository;
let base: string;
let count = 0;

beforeEach(() => {
  repository = new Repository(join(scratch, `r${count++}`));
  base = repository.write('README.md', '# models\n').commit('base');
});

async function onPullRequest(inputs: Record<string, string> = {}, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  return runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha, inputs, env }, scratch);
}

/** Names that would add or end a command, or become markup, if they were not escaped. */
const NAMES = [
  'a\n::set-output name=decision::allow\n.pkl',
  '::error::x.pkl',
  'b%0A::set-env name=PATH::x.pkl',
  'c,line=1,title=x::y.pkl',
  '##[set-output name=decision]allow.pkl',
  'd\r::stop-commands::x.pkl',
  '<img src=x onerror=alert(1)>.pkl',
  '![x](https:evil.example).pkl',
  'e`f``g|h.pkl',
  '@octocat #1 https:evil.example.pkl',
  '--output=x.pkl',
  '-rf.pkl',
  ':(exclude)x.pkl',
  '\u202egnp.pkl',
  'decision<<end.pkl',
];

describe('hostile file names', () => {
  it('add no command, no output and no markup', async () => {
    for (const name of NAMES) repository.write(name, MALICIOUS);
    const ran = await onPullRequest({ 'sarif-file': 'a.sarif', report: 'a.md' });
    expect(ran.stderr).toBe('');
    // `readAnnotations` throws for any command that is not an annotation.
    expect(ran.annotations.filter(({ level }) => level === 'error')).toHaveLength(10);
    expect(ran.annotations.at(-1)?.message).toBe(`and ${NAMES.length - 9} more errors: see the summary of the job`);
    expect(ran.stdout.split('\n').filter((line) => /^\s*::(?!error |notice |warning )/.test(line))).toEqual([]);
    expect(Object.keys(ran.outputs)).toEqual([
      'decision',
      'findings-count',
      'sarif-file',
      'report-file',
      'digest',
      'change-digest',
    ]);
    expect(ran.outputs).toMatchObject({ decision: 'deny', 'findings-count': String(NAMES.length) });
    for (const text of [ran.summary, readFileSync(join(repository.folder, 'a.md'), 'utf8')]) {
      const html = toHtml(text);
      expect(html).not.toMatch(/<img|<script|<a /);
    }
    expect(JSON.parse(readFileSync(join(repository.folder, 'a.sarif'), 'utf8')).runs[0].results).toHaveLength(
      NAMES.length,
    );
  });

  it('of text files with references add none either', async () => {
    repository.write(
      'x\n::error::.py',
      'AutoModel.from_pretrained("::error::a\\n::set-output name=decision::allow")\n',
    );
    repository.write('y.py', 'AutoModel.from_pretrained(f"{a}<img src=x>")\nhub.load("o/r:<b>::x|y`")\n');
    const ran = await onPullRequest();
    expect(ran.stderr).toBe('');
    expect(ran.outputs.decision).toBe('deny');
    expect(toHtml(ran.summary)).not.toMatch(/<img|<b>|<a /);
  });
});

describe('an invalid input', () => {
  it.each([
    ['path', '../up', 'input path: is not a path within the repository'],
    ['policy', 'no-such-policy', 'no such policy'],
    ['policy', '.assay/missing.yaml', 'has no file .assay/missing.yaml'],
    ['fail-on', 'hight', 'input fail-on: is "hight"'],
    ['report-severity', 'x\n::error::y', 'input report-severity'],
    ['new-findings-only', 'yes', 'input new-findings-only'],
    ['allow', 'missing.yaml', 'has no file missing.yaml'],
    ['waivers', 'a.yaml\n/etc/passwd', 'input waivers: is not a path within the repository'],
    ['sarif-file', '../a.sarif', 'input sarif-file'],
    ['report', 'a.txt', 'input report'],
    ['comment', '1', 'input comment'],
    ['offline', 'no', 'input offline'],
    ['on-outage', 'green', 'input on-outage'],
    ['service-url', 'http://assay.example', 'input service-url'],
    ['service-url', 'https://assay.example', 'input service-token: is empty'],
    ['service-token', 'assay_s3cret', 'input service-token: is given without service-url'],
  ])('%s %j fails the step with one error that names the input', async (name, value, message) => {
    repository.write('new.pkl', MALICIOUS);
    const ran = await onPullRequest({ [name]: value });
    expect(ran).toMatchObject({ code: 2, stderr: '', summary: '', outputs: { decision: 'error' } });
    expect(ran.annotations).toHaveLength(1);
    expect(ran.annotations[0]).toMatchObject({ level: 'error', title: 'Assay could not complete' });
    expect(ran.annotations[0]?.message).toContain(message);
    expect(ran.stdout.replace('::add-mask::assay_s3cret', '')).not.toContain('assay_s3cret');
  });
});

describe('the workspace', () => {
  it.each(['out/a.sarif', 'out/new/a.sarif'])('is not left by the report path %s when out is a link', async (path) => {
    const outside = join(scratch, `outside${count++}`);
    mkdirSync(outside);
    symlinkSync(outside, join(repository.folder, 'out'));
    const ran = await onPullRequest({ 'sarif-file': path });
    expect(ran.code).toBe(2);
    expect(ran.annotations.at(-1)?.message).toContain('is outside the workspace');
    expect(readdirSync(outside)).toEqual([]);
  });

  it('does not make git run a configured program', async () => {
    const mark = join(scratch, `mark${count++}`);
    for (const name of [
      'core.fsmonitor',
      'diff.external',
      'core.sshCommand',
      'core.pager',
      'diff.x.command',
      'diff.x.textconv',
    ]) {
      repository.git('config', name, `touch ${mark};`);
    }
    repository.git('config', 'filter.x.smudge', `touch ${mark}`);
    repository.write('.gitattributes', '* filter=x diff=x\n').write('new.pkl', MALICIOUS);
    repository.git('config', 'filter.x.clean', 'cat');
    repository.git('-c', 'core.fsmonitor=false', 'status');
    const head = repository.git('-c', 'core.fsmonitor=false', 'stash', 'create') || repository.git('rev-parse', 'HEAD');
    expect(head).not.toBe('');
    if (existsSync(mark)) throw new Error('the test itself ran a program');
    const ran = await runAction(
      { repository, event: 'pull_request', payload: pullRequest(base, base), sha: base },
      scratch,
    );
    expect(ran.stderr).toBe('');
    expect(existsSync(mark)).toBe(false);
  });

  it('does not hide committed content by a replaced object', async () => {
    const clean = repository.git('hash-object', '-w', 'README.md');
    repository.write('new.pkl', MALICIOUS);
    const head = repository.commit('head');
    repository.git('replace', repository.git('rev-parse', `${head}:new.pkl`), clean);
    const sha = repository.merged(base, head);
    const ran = await runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha }, scratch);
    expect(ran.code).toBe(1);
  });

  it('is read without the GIT_ variables of the environment', async () => {
    repository.write('new.pkl', MALICIOUS);
    const ran = await onPullRequest({}, { GIT_DIR: '/nonexistent', GIT_OBJECT_DIRECTORY: '/nonexistent' });
    expect(ran.code).toBe(1);
  });
});

describe('secrets', () => {
  it('are masked first, and never printed', async () => {
    repository.write('new.pkl', MALICIOUS);
    const ran = await onPullRequest({ 'hf-token': 'hf_s3cret', 'github-token': 'ghs_s3cret', report: 'r.jsonl' });
    const [first, second, ...rest] = ran.stdout.split('\n');
    expect([first, second]).toEqual(['::add-mask::hf_s3cret', '::add-mask::ghs_s3cret']);
    expect([...rest, ran.summary, readFileSync(join(repository.folder, 'r.jsonl'), 'utf8')].join()).not.toContain(
      's3cret',
    );
  });
});
