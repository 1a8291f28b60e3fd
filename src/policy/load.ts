import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { AssayError, closest, isFileMissing, PACKAGE_ROOT, systemCode } from '../core/index.ts';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import type { PolicyDocument } from './document.ts';
import { type PolicyProblem, problemError } from './problem.ts';
import { readAhead } from './read-ahead.ts';
import { readPolicyDocument } from './read-policy.ts';
import { SHIPPED_POLICIES } from './shipped.ts';
import { MAX_POLICY_BYTES } from './yaml-source.ts';

export const SHIPPED_FOLDER = new URL('policies/', PACKAGE_ROOT);

/**
 * Reads a policy: a shipped one by name, or a YAML file.
 * @throws AssayError `usage` for what is not a policy, naming file, line and column, and for an unknown name; `not-found`,
 * `unreadable`.
 */
export async function loadPolicy(nameOrPath: string): Promise<CompiledPolicy> {
  if (isShipped(nameOrPath)) return shippedPolicy(nameOrPath);
  if (!isPolicyPath(nameOrPath)) throw unknownPolicy(nameOrPath);
  return policyOf(await readPolicyFile(nameOrPath), nameOrPath);
}

/** @throws AssayError `usage` when none of that name is shipped. */
export function shippedPolicy(name: string): CompiledPolicy {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  if (!isShipped(name)) throw unknownPolicy(name);
  const bytes = readFileSync(new URL(`${name}.yaml`, SHIPPED_FOLDER));
  const policy = policyOf(bytes, `policies/${name}.yaml`, readAhead(name, digestOf(bytes)));
  compiled.set(name, policy);
  return policy;
}

const compiled = new Map<string, CompiledPolicy>();

/** @throws AssayError `usage` naming file, line and column. */
export function policyOf(bytes: Uint8Array, file: string, document?: PolicyDocument): CompiledPolicy {
  const read = readPolicy(bytes, document);
  if (isProblems(read)) throw problemError(file, read);
  return read;
}

/** The policy, or all its faults. */
export function readPolicy(bytes: Uint8Array, known?: PolicyDocument): CompiledPolicy | readonly PolicyProblem[] {
  const { document, problems } = known === undefined ? readPolicyDocument(bytes) : { document: known, problems: [] };
  if (document === undefined) return problems;
  const compiled = compilePolicy(document, digestOf(bytes));
  if (isProblems(compiled)) return [...problems, ...compiled];
  return problems.length === 0 ? compiled : problems;
}

export function isProblems<T extends object>(read: T | readonly PolicyProblem[]): read is readonly PolicyProblem[] {
  return Array.isArray(read);
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function isShipped(name: string): boolean {
  return SHIPPED_POLICIES.some((shipped) => shipped.name === name);
}

/** A text that is not the name of a shipped policy is a file when it looks like a path. */
function isPolicyPath(text: string): boolean {
  return /[/\\]|\.ya?ml$/i.test(text);
}

function unknownPolicy(name: string): AssayError {
  const names = SHIPPED_POLICIES.map((shipped) => shipped.name);
  const [near] = closest(name, names);
  const hint = near === undefined ? '' : `did you mean ${near}? `;
  return new AssayError('usage', 'no such policy', {
    subject: `--policy ${name}`,
    hint: `${hint}use one of ${names.join(', ')}, or a YAML file`,
  });
}

/**
 * The bytes of a policy file, or of a pipe.
 * @throws AssayError `not-found`, `unreadable`; `usage` for a folder and for what is too large.
 */
export async function readPolicyFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      if ((await file.stat()).isDirectory())
        throw new AssayError('usage', 'is a folder', { subject: path, hint: 'name a file' });
      const parts: Buffer[] = [];
      let total = 0;
      for await (const part of file.createReadStream({ autoClose: false })) {
        total += part.length;
        if (total > MAX_POLICY_BYTES) throw tooLarge(path);
        parts.push(part);
      }
      return Buffer.concat(parts);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof AssayError ? error : unreadable(error, path);
  }
}

function tooLarge(path: string): AssayError {
  return new AssayError('usage', `has more than ${MAX_POLICY_BYTES} bytes`, {
    subject: path,
    hint: 'split the policy',
  });
}

function unreadable(cause: unknown, subject: string): AssayError {
  const code = systemCode(cause) ?? 'unknown';
  if (isFileMissing(cause)) {
    const names = SHIPPED_POLICIES.map(({ name }) => name).join(', ');
    return new AssayError('not-found', 'no such file', {
      subject,
      hint: `check the path, or use one of ${names}`,
      cause,
    });
  }
  return new AssayError('unreadable', `cannot be read (${code})`, { subject, hint: 'check its permissions', cause });
}
