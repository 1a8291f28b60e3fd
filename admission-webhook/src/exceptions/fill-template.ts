import { fillWords, plainPattern, type ToldPattern } from '../../../src/workload/posture/exceptions/index.ts';
import type { ExceptionTemplate } from './templates/index.ts';

/** Of each parameter: a text within a word, or words that take the place of a word which is the parameter alone. */
export type TemplateValues = Readonly<Record<string, string | readonly string[]>>;

export type FilledTemplate =
  | { readonly told: readonly ToldPattern[] }
  | { readonly missing: string }
  | { readonly unused: string };

const PARAMETER = /\{=([a-z][a-z0-9-]{0,40})\}/g;
const ALONE = /^\{=([a-z][a-z0-9-]{0,40})\}$/;

/**
 * What a template tells its containers, with the exact text of its parameters. A container whose parameters are not given is left out: it is
 * not excepted.
 * @returns `missing`: no container has all its parameters; `unused`: no container has this one
 */
export function fillTemplate(template: ExceptionTemplate, values: TemplateValues): FilledTemplate {
  const used = new Set<string>();
  let missing: string | undefined;
  let isFilled = false;
  const told = template.told.flatMap((one): readonly ToldPattern[] => {
    const names = parametersOf(one);
    const absent = names.find((name) => !Object.hasOwn(values, name));
    if (absent !== undefined) {
      missing ??= absent;
      return [];
    }
    for (const name of names) used.add(name);
    isFilled ||= names.length > 0;
    return [filled(one, values)];
  });
  if (missing !== undefined && !isFilled) return { missing };
  const unused = Object.keys(values).find((name) => !used.has(name));
  return unused === undefined ? { told } : { unused };
}

function parametersOf(told: ToldPattern): readonly string[] {
  const { command, args, env, mounts, hooks } = told;
  const values = env.flatMap((one) => ('value' in one ? [one.value] : []));
  const texts = [...(command ?? []), ...(args ?? []), ...values, ...mounts.map(({ path }) => path), ...hooks.flat()];
  return [...new Set(texts.flatMap((text) => [...text.matchAll(PARAMETER)].map(([, name = '']) => name)))];
}

function filled({ command, args, env, mounts, hooks, ...rest }: ToldPattern, values: TemplateValues): ToldPattern {
  const texts: Record<string, string> = {};
  // A list within a word is its words with a space between them, as a shell takes them.
  for (const [name, value] of Object.entries(values)) texts[name] = typeof value === 'string' ? value : value.join(' ');
  const fill = (pattern: string): string => {
    const result = fillWords(pattern, texts);
    // Its parameters were looked for.
    return 'pattern' in result ? result.pattern : pattern;
  };
  const words = (patterns: readonly string[]) =>
    patterns.flatMap((pattern) => {
      const name = ALONE.exec(pattern)?.[1] ?? '';
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      return typeof value === 'object' ? value.map(plainPattern) : [fill(pattern)];
    });
  return {
    ...rest,
    command: command === null ? null : words(command),
    args: args === null ? null : words(args),
    env: env.map((one) => ('value' in one ? { ...one, value: fill(one.value) } : one)),
    mounts: mounts.map((one) => ({ ...one, path: fill(one.path) })),
    hooks: hooks.map(words),
  };
}
