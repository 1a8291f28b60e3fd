import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import type { RequiredSuite } from '../../core/behavior/index.ts';
import { AssayError, codeOrText } from '../../core/index.ts';
import type { Environment } from '../../policy/index.ts';

/** The environment options of the command line. */
export interface EnvironmentFlags {
  readonly stage?: string;
  readonly label: Readonly<Record<string, string>>;
  readonly requireSuite?: RequiredSuite;
}

/** The options that tell a policy what the artifact is for. */
export function addEnvironmentOptions(command: Command): Command {
  return command
    .option('--stage <stage>', 'the stage that the policy judges the model for: staging, production')
    .option('--label <name=value>', 'a label of the environment that the policy may use (repeatable)', collect, {})
    .option(
      '--require-suite <file>',
      'the suite of tests that the policy asks of the model: its file, or its digest (sha256:...)',
      suiteOf,
    );
}

export function environmentOf({ stage, label, requireSuite }: EnvironmentFlags): Environment {
  return {
    ...(stage === undefined ? {} : { stage }),
    labels: label,
    ...(requireSuite === undefined ? {} : { suite: requireSuite }),
  };
}

/** CWE-770: as large as a suite may be. */
const MAX_SUITE = 1024 * 1024;

function suiteOf(text: string): RequiredSuite {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return { name: 'suite', digest: text };
  const subject = `--require-suite ${text}`;
  let bytes: Buffer;
  try {
    if (statSync(text).size > MAX_SUITE) throw new AssayError('usage', 'is larger than 1 MiB', { subject });
    bytes = readFileSync(text);
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    const hint = 'give the file of a suite, or its digest: sha256:<64 hex digits>';
    throw new AssayError('not-found', `cannot be read (${codeOrText(cause)})`, { subject, hint, cause });
  }
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { name: basename(text).replace(/\.ya?ml$/, ''), digest };
}

function collect(text: string, labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at > 0) return { ...labels, [text.slice(0, at)]: text.slice(at + 1) };
  throw new AssayError('usage', 'is not a label', { subject: `--label ${text}`, hint: 'write --label name=value' });
}
