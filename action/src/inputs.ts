import { posix } from 'node:path';
import { isPrivateLine, isToken, serviceAddress } from '../../src/client/index.ts';
import { isSeverity, SEVERITIES, type Severity } from '../../src/core/assessment/index.ts';
import { AssayError } from '../../src/core/index.ts';
import { DEFAULT_POLICY } from '../../src/policy/index.ts';

/** What the workflow asks for, checked. Paths are relative to the repository, with `/` between parts. */
export interface Inputs {
  /** Files and folders to look at; `.` for all. */
  readonly paths: readonly string[];
  /** A shipped policy, or a file of the base commit. */
  readonly policy: string;
  readonly allow: string | undefined;
  readonly waivers: readonly string[];
  readonly failOn: Severity | undefined;
  /** The least severe finding that is shown; it changes no decision. */
  readonly reportSeverity: Severity;
  readonly newFindingsOnly: boolean;
  /** Where reports are written, relative to the workspace. */
  readonly sarifFile: string | undefined;
  readonly report: string | undefined;
  readonly comment: boolean;
  readonly hfToken: string;
  readonly githubToken: string;
  /** The organisation's service of Assay, which is asked for its decisions. */
  readonly serviceUrl: URL | undefined;
  readonly serviceToken: string;
  readonly offline: boolean;
  readonly onOutage: 'fail' | 'neutral';
  /** Names this job among others of the same workflow in SARIF. */
  readonly category: string;
}

/**
 * Reads inputs as the runner hands them over: `INPUT_NAME` for `name`.
 * @throws AssayError `usage` that names the input
 */
export function readInputs(env: NodeJS.ProcessEnv): Inputs {
  const text = (name: string) => (env[`INPUT_${name.toUpperCase()}`] ?? '').trim();
  const policy = text('policy') || DEFAULT_POLICY;
  return {
    paths: lines(text('path') || '.').map((path) => repositoryPath('path', path)),
    policy: /[/\\]|\.ya?ml$/i.test(policy) ? repositoryPath('policy', policy) : policy,
    allow: text('allow') === '' ? undefined : repositoryPath('allow', text('allow')),
    waivers: lines(text('waivers')).map((path) => repositoryPath('waivers', path)),
    failOn: severity('fail-on', text('fail-on')),
    reportSeverity: severity('report-severity', text('report-severity')) ?? 'low',
    newFindingsOnly: flag('new-findings-only', text('new-findings-only')),
    sarifFile: text('sarif-file') === '' ? undefined : repositoryPath('sarif-file', text('sarif-file')),
    report: reportPath(text('report')),
    comment: flag('comment', text('comment')),
    hfToken: text('hf-token'),
    githubToken: text('github-token'),
    ...service(text('service-url'), text('service-token'), flag('offline', text('offline'))),
    offline: flag('offline', text('offline')),
    onOutage: outage(text('on-outage')),
    category: text('category'),
  };
}

/** The inputs that hold secrets. */
const SECRETS = ['hf-token', 'github-token', 'service-token'] as const;

/** What no log may show, whatever else is wrong. */
export function secretsOf(env: NodeJS.ProcessEnv): readonly string[] {
  return SECRETS.map((name) => (env[`INPUT_${name.toUpperCase()}`] ?? '').trim()).filter((secret) => secret !== '');
}

function service(url: string, token: string, offline: boolean): Pick<Inputs, 'serviceUrl' | 'serviceToken'> {
  if (url === '') {
    if (token === '') return { serviceUrl: undefined, serviceToken: '' };
    throw wrong('service-token', 'is given without service-url', 'give both, or neither');
  }
  const serviceUrl = serviceAddress(url, 'input service-url');
  if (!isPrivateLine(serviceUrl))
    throw wrong('service-url', 'is not an https:// address: the token would be sent unencrypted', 'use https://');
  if (offline) throw wrong('offline', 'is true, but service-url is set', 'remove one of them');
  if (token !== '' && !isToken(token))
    throw wrong('service-token', 'is not a token', 'give the token alone, in one line');
  return { serviceUrl, serviceToken: token };
}

function lines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A path that stays within the repository; a policy from anywhere else would be one that nobody reviewed. */
function repositoryPath(name: string, path: string): string {
  const normal = posix.normalize(path.replaceAll('\\', '/')).replace(/\/$/, '');
  const leaves = posix.isAbsolute(normal) || /^[A-Za-z]:/.test(normal) || normal === '..' || normal.startsWith('../');
  if (leaves || normal.includes('\0'))
    throw wrong(name, 'is not a path within the repository', 'write it relative to its root');
  return normal;
}

function reportPath(text: string): string | undefined {
  if (text === '') return undefined;
  if (/\.(?:jsonl|md)$/i.test(text)) return repositoryPath('report', text);
  throw wrong(
    'report',
    'names neither a .jsonl nor a .md file',
    'use the extension .jsonl for programs, or .md for people',
  );
}

function severity(name: string, text: string): Severity | undefined {
  if (text === '') return undefined;
  if (isSeverity(text)) return text;
  throw wrong(name, `is "${text}"`, `use one of ${SEVERITIES.join(', ')}`);
}

function flag(name: string, text: string): boolean {
  if (/^(?:true|false|)$/i.test(text)) return text.toLowerCase() === 'true';
  throw wrong(name, `is "${text}"`, 'write true or false');
}

function outage(text: string): Inputs['onOutage'] {
  if (text === '' || text === 'fail') return 'fail';
  if (text === 'neutral') return 'neutral';
  throw wrong('on-outage', `is "${text}"`, 'write fail or neutral');
}

function wrong(name: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject: `input ${name}`, hint });
}
