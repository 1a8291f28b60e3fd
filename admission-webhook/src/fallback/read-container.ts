import { celList, celText, replaced } from './cel.ts';
import {
  ENDPOINT_NAMES,
  escaped,
  INITIALIZER_IMAGE,
  MODEL_FLAGS,
  MODEL_VARIABLES,
  OTHER_COMMANDS,
  OTHER_IMAGES,
  READ_COMMANDS,
  READ_IMAGES,
  REMOTE_CODE_VARIABLES,
  REVISION_FLAGS,
  REVISION_VARIABLES,
  UNREAD_FLAGS,
  UNREAD_VARIABLES,
  VLLM_COMMANDS,
  VLLM_IMAGES,
} from './vocabulary.ts';

// Expressions of CEL that read one container, in steps: each is a variable of the policy, a list with an item a container.

export interface Variable {
  readonly name: string;
  readonly expression: string;
}

/** A flag with `_` in place of `-`, too. */
function flagPattern(flags: readonly string[]): string {
  return flags
    .map((flag) => `${flag.startsWith('--') ? '--' : '-'}${escaped(flag.replace(/^--?/, '')).replaceAll('-', '[-_]')}`)
    .join('|');
}

/** All spellings of flags become one: `--model` and a line feed. */
function oneSpelling(words: string, flags: readonly string[], one: string): string {
  const spellings = new Set(flags.flatMap((flag) => [flag, `--${flag.slice(2).replaceAll('-', '_')}`]));
  const pairs = [...spellings].flatMap((flag): (readonly [string, string])[] => [
    ...(flag === one ? [] : [[`\n${flag}\n`, `\n${one}\n`] as const]),
    [`\n${flag}=`, `\n${one}\n`],
  ]);
  return replaced(words, pairs);
}

/** argparse takes the beginning of a flag for the flag. */
function beginnings(flags: readonly string[]): string {
  const all = flags.flatMap((flag) => {
    return Array.from({ length: Math.max(0, flag.length - 4) }, (_, index) => flag.slice(0, index + 4));
  });
  return flagPattern([...new Set(all)].filter((one) => !MODEL_FLAGS.includes(one) && !REVISION_FLAGS.includes(one)));
}

const anyOf = (names: readonly string[]) => `e, e.name in ${celList(names)}`;
/** A map: Kubernetes wants its values to be of one type. */
const fields = (of: Readonly<Record<string, string>>) =>
  `{\n${Object.entries(of)
    .map(([name, value]) => `  ${celText(name)}: dyn(${value})`)
    .join(',\n')}\n}`;
const first = (part: string) => `${part}.map(part, part.split('\\n')[0])`;

/** Words stand between line feeds. */
const WORDS: Variable = {
  name: 'words',
  expression: `variables.containers.map(c, ${fields({
    name: 'c.name',
    repository: "c.?image.orValue('').lowerAscii().split('@')[0]",
    words: "'\\n' + (c.?command.orValue([]) + c.?args.orValue([])).join('\\n') + '\\n'",
    alone:
      "size(c.?command.orValue([])) == 0 && size(c.?args.orValue([])) > 0 && !c.args[0].startsWith('-') && c.args[0] != 'serve'",
    env: 'c.?env.orValue([])',
    envFrom: 'size(c.?envFrom.orValue([])) > 0',
    mounts: 'c.?volumeMounts.orValue([])',
  })})`,
};

const SHELL = '\\n(?:[^\\n]*/)?(?:ba|da|a|z|k)?sh\\n-[a-z]*c\\n';

const known = (images: string, commands: string) =>
  `c.repository.matches(${celText(images)}) || c.words.matches(${celText(commands)})`;

const PROGRAMS_KNOWN: Variable = {
  name: 'programs',
  expression: `variables.words.map(c, ${fields({
    reads: known(READ_IMAGES, READ_COMMANDS),
    other: known(OTHER_IMAGES, OTHER_COMMANDS),
    initializer: `c.repository.contains(${celText(INITIALIZER_IMAGE)})`,
    serves: known(VLLM_IMAGES, VLLM_COMMANDS),
    script: `c.words.matches(${celText(SHELL)})`,
    c: 'c',
  })})`,
};

/** `vllm serve X`, and `X` alone for images that serve by themselves. */
const SERVED = `(p.serves ? (p.c.alone ? '\\n--model' : '') + p.c.words.replace('\\nserve\\n', '\\n--model\\n') : string(p.c.words))`;

const SPELLED: Variable = {
  name: 'spelled',
  expression: `variables.programs.map(p, ${fields({
    words: oneSpelling(oneSpelling(SERVED, MODEL_FLAGS, '--model'), REVISION_FLAGS, '--revision'),
    p: 'p',
  })})`,
};

/** The values of a flag, and of variables. */
const values = (flag: string, variables: readonly string[]) =>
  `(${first(`s.words.split('\\n${flag}\\n')`)} + s.p.c.env.filter(${anyOf(variables)}).map(e, e.?value.orValue(''))).filter(v, v != '')`;

const REMOTE_CODE_FLAG = '\\n--trust[-_]remote[-_]code[=\\n]';

const TOLD: Variable = {
  name: 'told',
  expression: `variables.spelled.map(s, ${fields({
    models: values('--model', MODEL_VARIABLES),
    revisions: values('--revision', REVISION_VARIABLES),
    remote: `s.words.matches(${celText(REMOTE_CODE_FLAG)}) || s.p.c.env.exists(e, e.name in ${celList(REMOTE_CODE_VARIABLES)} && !(e.?value.orValue('true').lowerAscii() in ['', '0', 'false']))`,
    words: 's.words',
    p: 's.p',
  })})`,
};

/** Why a container cannot be read; empty when it can. */
const UNREAD = `!(t.p.reads || t.p.other || t.p.script || size(t.models) > 0) ? ''
  : t.p.other ? 'it runs a program that only the webhook can read'
  : t.p.script ? (t.p.reads || size(t.models) > 0 || t.words.matches(${celText(
    '(?i)vllm|sglang|llama|ollama|mlflow|triton|hf download|huggingface|modelscope|from_pretrained|model[-_](?:id|path)|--model|(?:hf|oci|s3|gs)://',
  )}) ? 'a script of a shell may name a model' : '')
  : t.p.reads && size(t.models) == 0 ? 'it loads models, and does not say which in plain words'
  : t.words.matches(${celText(`\\n(?:${flagPattern(UNREAD_FLAGS)})[=\\n]`)}) ? 'an argument names another model or a file'
  : t.words.matches(${celText(`\\n(?:${beginnings([...MODEL_FLAGS, ...REVISION_FLAGS])})[=\\n]`)}) ? 'an argument is shortened'
  : t.words.contains('$(') ? 'an argument has a variable'
  : t.p.c.envFrom ? 'variables come from another object'
  : t.p.c.env.exists(e, e.name in ${celList([...MODEL_VARIABLES, ...REVISION_VARIABLES])} && has(e.valueFrom)) ? 'a variable comes from another object'
  : t.p.c.env.exists(e, e.name in ${celList(UNREAD_VARIABLES)} && (has(e.valueFrom) || e.?value.orValue('') != '')) ? 'a variable names another model'
  : t.p.c.env.exists(e, e.name in ${celList(ENDPOINT_NAMES)} && (has(e.valueFrom) || e.?value.orValue('') != '')) ? 'a variable names another server'
  : ''`;

const isPath = "m.startsWith('/') || m.startsWith('.') || m.startsWith('~')";
const ofHub = "'hf://' + m + '@' + (size(t.revisions) == 1 ? t.revisions[0] : '')";
const isAddress = "m.contains('://') || m.startsWith('models:/')";

const READ: Variable = {
  name: 'read',
  expression: `variables.told.map(t, ${fields({
    name: 't.p.c.name',
    unread: UNREAD,
    paths: `t.models.filter(m, ${isPath})`,
    references: `t.models.filter(m, !(${isPath})).map(m, ${isAddress} ? string(m) : ${ofHub})`,
    remote: 't.remote',
    initializer: 't.p.initializer',
    mounts: 't.p.c.mounts',
  })})`,
};

/** From `variables.containers` to `variables.read`. */
export const READ_CONTAINERS: readonly Variable[] = [WORDS, PROGRAMS_KNOWN, SPELLED, TOLD, READ];
