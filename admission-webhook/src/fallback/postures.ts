import {
  DATA_FOLDERS,
  GRAMMARS,
  type Grammar,
  INERT_PROGRAMS,
  INERT_VARIABLES,
  type InertVariable,
  LOADER_VARIABLES,
  SCRATCH_FOLDERS,
  SETTINGS_FOLDERS,
  TOKEN_FOLDER,
} from '../../../src/workload/posture/table/index.ts';
import { celList, celText } from './cel.ts';
import type { Variable } from './read-container.ts';
import { escaped, READ, rowNames } from './vocabulary.ts';

// What CEL can say of postures: the image is approved, and the program is one that loads nothing, or a server whose every argument is in the
// tables. Stricter than the webhook where CEL cannot say it: no sealed images that are told something, no exceptions, no settings of programs.

const PATH = '(?:/(?:usr/)?(?:local/)?s?bin/)?';

/** A regular expression of the tables within another one (RE2: none of them looks ahead or behind). */
function inner({ source }: RegExp): string {
  return source.replace(/^\^/, '').replace(/\$$/, '');
}

const INERT = `${PATH}(?:${Object.entries(INERT_PROGRAMS)
  .map(([name, words]) => `${escaped(name)}(?: (?:${inner(words)}))?`)
  .join('|')})`;
const STATEMENT = `(?:(?:until|while|if|elif|then|else|do|!|exec) )*(?:${INERT}|done|fi)`;
/** `sh -c TEXT` of literal commands that load nothing. */
const SCRIPT = `^\\n${PATH}(?:ba|a|da|z|k)?sh\\n-[eux]*c\\n(?:--\\n)?\\s*${STATEMENT}(?:\\s*(?:;|&&|\\|\\||\\n)\\s*${STATEMENT})*\\s*;?\\s*$`;

const flags = (all: Iterable<string>) => [...all].map((flag) => escaped(flag).replace(/(?<=\w)-/g, '[-_]')).join('|');

/** All words of a server, after those that start it. */
function toldOf({ switches, values, words, row, chosen }: Grammar): string {
  const isOpen = (name: string) => !Object.hasOwn(chosen, name);
  const alone = flags([...switches, ...rowNames(row, 'takes', ['remoteCode'])].filter(isOpen));
  const one = flags([...values, ...rowNames(row, 'takes', ['model', 'revision'])].filter(isOpen));
  // What looks ahead, or could go on into the next word, is refused here.
  const named = Object.entries(chosen).filter(([, { source }]) => !/\(\?[!<=]|\[\^|\\[SDW]/.test(source));
  const some = named.map(
    ([name, pattern]) => `${flags([name])}[=\\n](?${pattern.flags.includes('i') ? 'i' : ''}:${inner(pattern)})\\n`,
  );
  const options = [`(?:${alone})\\n`, `(?:${one})(?:=[^\\n]*|\\n[^-\\n][^\\n]*)\\n`, ...some];
  const first = words === 'first' ? '(?:[^-\\n][^\\n]*\\n)?' : '';
  return `${first}(?:${options.join('|')})*$`;
}

function startOf(words: readonly string[]): string {
  const all = words.map((word, at) => {
    if (at > 0) return escaped(word);
    return word === 'python' ? `${PATH}python(?:3(?:\\.\\d+)?)?(?:\\n-u)?` : PATH + escaped(word);
  });
  return `^\\n${all.join('\\n')}\\n`;
}

function runs(grammar: Grammar): string {
  const told = toldOf(grammar);
  const started = grammar.starts.map((start) => `c.words.matches(${celText(startOf(start) + told)})`);
  const [repository] = grammar.repositories.map((one) => escaped(one.replace(/^docker\.io\//, '')));
  const byImage =
    repository === undefined
      ? []
      : [
          `(!c.commanded && c.repository.matches(${celText(`^(?:docker\\.io/)?${repository}$`)}) && c.words.matches(${celText(`^\\n${grammar.words === 'first' ? '(?:serve\\n)?' : ''}${told}`)}))`,
        ];
  const any = `(${[...started, ...byImage].join(' || ')})`;
  return grammar.needs === undefined ? any : `(${any} && c.words.contains(${celText(`\n${grammar.needs.option}`)}))`;
}

const SERVERS = GRAMMARS.filter(({ row, words }) => READ.has(row) && words !== 'pairs' && words !== 'all');
const INITIALIZER = `(!c.commanded && c.repository.matches(${celText('^(?:docker\\.io/)?kserve/storage-initializer$')}) && c.words.matches(${celText('^\\n(?:[^-\\n][^\\n]*\\n)*$')}))`;
const OFFLINE = new Set(['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE', 'HF_TOKEN_PATH']);
const known = (all: Readonly<Record<string, InertVariable>>) =>
  Object.entries(all).filter(([name]) => !OFFLINE.has(name));
const loaders = known(LOADER_VARIABLES);
const inert = Object.entries(INERT_VARIABLES);
const named = (all: typeof inert, of: 'secret' | 'pod') =>
  all.filter(([, one]) => one[of] === true).map(([name]) => name);
/** Literal values of variables, by how they may look. */
function literal(all: typeof inert): string {
  const names = new Map<string, string[]>();
  for (const [name, { value }] of all) {
    const pattern = `${value.flags.includes('i') ? '(?i)' : ''}${value.source.replaceAll('\\/', '/')}`;
    names.set(pattern, [...(names.get(pattern) ?? []), name]);
  }
  const fitting = [...names].map(
    ([pattern, of]) => `(e.name in ${celList(of)} && e.?value.orValue('').matches(${celText(pattern)}))`,
  );
  return `(${fitting.join(' || ')})`;
}
const OF_POD =
  '^(?:status\\.(?:podIPs?|hostIPs?)|spec\\.(?:nodeName|serviceAccountName)|metadata\\.(?:name|namespace|uid))$';

/** What the variables of one server may say. */
const ofServer = ({ id, row, env }: Grammar) => {
  const own = [
    `e.name in ${celList(rowNames(row, 'env', ['model', 'revision']))}`,
    ...(known(env).length === 0 ? [] : [literal(known(env))]),
  ];
  return `(c.serves == ${celText(id)} && (${own.join(' || ')}))`;
};
const ENV = `c.env.all(e, !has(e.valueFrom)
    ? !e.?value.orValue('').contains('$(') && (${literal(inert)} || (c.serves != '' && ${literal(loaders)}) || ${SERVERS.map(ofServer).join(' || ')})
    : has(e.valueFrom.secretKeyRef) ? c.serves != '' && e.name in ${celList(named(loaders, 'secret'))}
    : has(e.valueFrom.fieldRef) ? e.name in ${celList(named(inert, 'pod'))} && e.valueFrom.fieldRef.fieldPath.matches(${celText(OF_POD)})
    : has(e.valueFrom.resourceFieldRef) && e.name in ${celList(inert.map(([name]) => name))})`;

const fits = (folders: RegExp) => `m.mountPath.matches(${celText(folders.source.replaceAll('\\/', '/'))})`;
const PLAIN = `m.mountPath.matches(${celText('^(?:/[^/\\s]+)+/?$')}) && !m.mountPath.matches(${celText('/\\.{1,2}(?:/|$)')})`;
/** A folder that is named like the owner of a model is loaded in its place, where the program starts beside it. */
const SHADOWS = `m.mountPath.split('/').exists(part, part != '' && (c.words.contains('\\n' + part + '/') || c.words.contains('=' + part + '/')
    || c.env.exists(e, e.?value.orValue('').startsWith(part + '/'))))`;
const MOUNTS = `c.mounts.all(m, ${PLAIN} && !(${SHADOWS}) && !has(m.subPathExpr) && !m.?subPath.orValue('').contains('..')
    && variables.volumes.exists_one(v, v.name == m.name) && variables.volumes.exists(v, v.name == m.name && (
      has(v.emptyDir) ? ${fits(SCRATCH_FOLDERS)} || ${fits(DATA_FOLDERS)}
      : has(v.image) ? ${fits(DATA_FOLDERS)}
      : has(v.projected) && m.mountPath == ${celText(TOKEN_FOLDER)} ? v.projected.sources.all(s, has(s.serviceAccountToken) || has(s.configMap) || has(s.downwardAPI))
      : has(v.configMap) || has(v.secret) ? (c.serves != '' || c.inert) && ${fits(SETTINGS_FOLDERS)}
      : false)))`;

const hook = (of: string) =>
  `(${of}.?exec.?command.orValue([]).join(' ') == '' || ${of}.?exec.?command.orValue([]).join(' ').matches(${celText(`^${INERT}$`)}))
    && ${of}.?httpGet.?host.orValue('') in ['', 'localhost', '127.0.0.1'] && ${of}.?tcpSocket.?host.orValue('') in ['', 'localhost', '127.0.0.1']`;
const HOOKS = [
  'c.?livenessProbe',
  'c.?readinessProbe',
  'c.?startupProbe',
  'c.?lifecycle.?postStart',
  'c.?lifecycle.?preStop',
]
  .map(hook)
  .join('\n    && ');
const REACHING = '^(?:CAP_)?(?:ALL|SYS_PTRACE|SYS_ADMIN|SYS_MODULE|SYS_RAWIO|DAC_READ_SEARCH|BPF|PERFMON|SYS_BOOT)$';
const ALONE = `!c.?securityContext.?privileged.orValue(false) && !has(c.workingDir) && !c.?stdin.orValue(false)
    && c.?securityContext.?procMount.orValue('Default') == 'Default' && size(c.?volumeDevices.orValue([])) == 0
    && c.?securityContext.?capabilities.?add.orValue([]).all(a, !a.upperAscii().matches(${celText(REACHING)}))
    && size(c.?envFrom.orValue([])) == 0`;

const item = (of: Readonly<Record<string, string>>) =>
  `{${Object.entries(of)
    .map(([name, value]) => `${celText(name)}: dyn(${value})`)
    .join(', ')}}`;

/** A container has no posture, for a reason: in steps, each a list with an item a container. */
export function postureVariables(approved: (image: string) => string): readonly Variable[] {
  return [
    {
      name: 'started',
      expression: `variables.containers.map(c, ${item({
        name: 'c.name',
        approved: approved("c.?image.orValue('')"),
        repository: "c.?image.orValue('').lowerAscii().split('@')[0]",
        commanded: 'size(c.?command.orValue([])) > 0',
        words: "'\\n' + (c.?command.orValue([]) + c.?args.orValue([])).map(w, w + '\\n').join('')",
        env: 'c.?env.orValue([])',
        mounts: 'c.?volumeMounts.orValue([])',
        alone: ALONE,
        hooks: HOOKS,
      })})`,
    },
    {
      name: 'known',
      expression: `variables.started.map(c, ${item({
        c: 'c',
        inert: `!c.words.contains(' ') && c.words.replace('\\n', ' ').matches(${celText(`^ ${INERT} $`)}) || c.words.matches(${celText(SCRIPT)})`,
        serves: `${SERVERS.map((grammar) => `${runs(grammar)} ? ${celText(grammar.id)}`).join(' : ')} : ${INITIALIZER} ? 'initializer' : ''`,
      })})`,
    },
    {
      name: 'judged',
      expression: `variables.known.map(k, ${item({
        name: 'k.c.name',
        approved: 'k.c.approved',
        program: "k.inert || k.serves != '' || k.c.words == '\\n'",
        alone: 'k.c.alone && k.c.hooks',
        env: 'k.c.env',
        mounts: 'k.c.mounts',
        words: 'k.c.words',
        inert: 'k.inert',
        serves: 'k.serves',
      })})`,
    },
    list('unapproved', '!c.approved'),
    list('unrecognised', '!c.program'),
    list('open', `!c.alone || !(${ENV})`),
    list('mounted', `!(${MOUNTS})`),
    {
      name: 'shared',
      expression: `variables.podSpec.?hostPID.orValue(false) || size(variables.podSpec.?hostAliases.orValue([])) > 0
  || (variables.podSpec.?shareProcessNamespace.orValue(false) && size(variables.containers) > 1)
  || variables.podSpec.?os.?name.orValue('') == 'windows' ? 'hostPID, shareProcessNamespace, hostAliases or Windows' : ''`,
    },
  ];
}

function list(name: string, wanted: string): Variable {
  return { name, expression: `variables.judged.filter(c, ${wanted}).map(c, c.name).join(', ')` };
}
