import type { Command } from 'commander';
import { AssayError } from '../../core/index.ts';
import type { Environment } from '../../policy/index.ts';

/** The environment options of the command line. */
export interface EnvironmentFlags {
  readonly stage?: string;
  readonly label: Readonly<Record<string, string>>;
}

/** The options that tell a policy what the artifact is for. */
export function addEnvironmentOptions(command: Command): Command {
  return command
    .option('--stage <stage>', 'the stage that the policy judges the model for: staging, production')
    .option('--label <name=value>', 'a label of the environment that the policy may use (repeatable)', collect, {});
}

export function environmentOf({ stage, label }: EnvironmentFlags): Environment {
  return stage === undefined ? { labels: label } : { stage, labels: label };
}

function collect(text: string, labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at > 0) return { ...labels, [text.slice(0, at)]: text.slice(at + 1) };
  throw new AssayError('usage', 'is not a label', { subject: `--label ${text}`, hint: 'write --label name=value' });
}
