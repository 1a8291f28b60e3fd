// How long the GitHub Action takes over a pull request without a model, and how large its bundle is.
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claim, measure } from './measure.mjs';

const BUNDLE = fileURLToPath(new URL('../../action/dist/index.js', import.meta.url));
const FILES = 500;

/** A repository of many files, of which a pull request changes one that is no model. */
function pullRequest(folder) {
  mkdirSync(join(folder, 'src'), { recursive: true });
  const git = (...args) =>
    execFileSync('git', ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim();
  const commit = () => {
    git('add', '.');
    git('commit', '--quiet', '-m', 'a commit');
    return git('rev-parse', 'HEAD');
  };
  git('init', '--quiet', '--initial-branch=main');
  for (let i = 0; i < FILES; i++) writeFileSync(join(folder, 'src', `${i}.py`), `x = ${i}\n`);
  const base = commit();
  writeFileSync(join(folder, 'src', '0.py'), 'import os\nx = os.getpid()\n');
  return { base, head: commit() };
}

export function benchAction({ data }) {
  const folder = join(data, 'action');
  const { base, head } = pullRequest(folder);
  const side = (sha) => ({ sha, repo: { full_name: 'acme/models' } });
  const event = join(data, 'event.json');
  writeFileSync(event, JSON.stringify({ pull_request: { number: 1, base: side(base), head: side(head) } }));
  for (const name of ['output', 'summary']) writeFileSync(join(data, name), '');
  const env = {
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: event,
    GITHUB_SHA: head,
    GITHUB_WORKSPACE: folder,
    GITHUB_OUTPUT: join(data, 'output'),
    GITHUB_STEP_SUMMARY: join(data, 'summary'),
  };
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const { wallMs } = measure('env', [...set, process.execPath, BUNDLE]);
  claim('seconds for a pull request without a model', wallMs / 1000, { atMost: 2 }, `${FILES} files, one changed`);
  claim('MB of the bundle', statSync(BUNDLE).size / 1e6, { atMost: 3 }, 'action/dist/index.js');
}
