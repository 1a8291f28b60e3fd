import { type Collector, MAX_TEXT, shown } from './collector.ts';
import { isFields, own, ownList, ownText, step } from './own.ts';

/** A text of a container, with where it is written and why it cannot be read, where that is so. */
export interface ShellWord {
  readonly text: string;
  readonly where: string;
  readonly unresolved?: string;
  /** It cannot be read, but never names a model: the address of the Pod, its name, an amount of memory. */
  readonly harmless?: boolean;
}

/** The variables of one container. */
export type Variables = ReadonlyMap<string, ShellWord>;

/** Annotations and labels are not among them, because users choose their content. */
const HARMLESS_FIELDS = /^(?:status\.\w+|spec\.(?:nodeName|serviceAccountName)|metadata\.(?:name|namespace|uid))$/;

/**
 * `env`: a list as in Kubernetes, or a map of texts as in kubeai. Later entries win; `$(NAME)` is replaced by what an earlier one
 * says, as the kubelet does.
 */
export function readVariables(container: unknown, where: string, collector: Collector): Map<string, ShellWord> {
  const variables = new Map<string, ShellWord>();
  const env = own(container, 'env');
  const at = step(where, 'env');
  if (isFields(env)) {
    const names = Object.keys(env);
    if (!collector.visit(at, names.length)) return variables;
    for (const name of names) {
      const value = own(env, name);
      if (typeof value === 'string')
        variables.set(name, expandVariables({ text: value, where: step(at, name) }, variables));
    }
  }
  if (!Array.isArray(env) || !collector.visit(at, env.length)) return variables;
  for (const [index, entry] of env.entries()) {
    const name = ownText(entry, 'name');
    if (name !== undefined) variables.set(name, readVariable(entry, name, step(at, index), variables));
  }
  return variables;
}

function readVariable(entry: unknown, name: string, where: string, earlier: Variables): ShellWord {
  const from = own(entry, 'valueFrom');
  if (from !== undefined && from !== null) {
    const kind = isFields(from) ? (Object.keys(from)[0] ?? 'nothing') : 'nothing';
    const field = ownText(own(from, 'fieldRef'), 'fieldPath');
    const harmless = kind === 'resourceFieldRef' || (field !== undefined && HARMLESS_FIELDS.test(field));
    const unresolved = `${shown(name)} is set from ${shown(kind)}, which is not in the object`;
    return { text: '', where, unresolved, harmless };
  }
  return expandVariables({ text: ownText(entry, 'value') ?? '', where: step(where, 'value') }, earlier);
}

/** Tells of `envFrom`: it may set any variable that says which model is loaded, and from where. */
export function tellEnvFrom(container: unknown, where: string, collector: Collector): void {
  const list = ownList(container, 'envFrom');
  if (!collector.visit(where, list.length)) return;
  for (const [index, entry] of list.entries()) {
    const place = step(step(where, 'envFrom'), index);
    const kind = isFields(entry) ? (Object.keys(entry).find((key) => key.endsWith('Ref')) ?? 'something') : 'something';
    const name = ownText(own(entry, kind), 'name') ?? '';
    collector.unresolved(place, `variables come from ${shown(kind)} ${shown(name)}, which is not in the object`);
  }
}

/**
 * Replaces `$(NAME)` by literal variables; `$$` is a dollar (Kubernetes API conventions of `command`, `args` and `env`). A name that
 * is not set here may be set by `envFrom`, the image or a service, so it is unresolved.
 */
export function expandVariables(word: ShellWord, variables: Variables): ShellWord {
  const { text, where } = word;
  if (!text.includes('$')) return word;
  let out = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0 || out.length > MAX_TEXT) break;
    out += text.slice(at, dollar);
    const next = text[dollar + 1];
    const end = next === '(' ? text.indexOf(')', dollar) : -1;
    if (end < 0) {
      out += '$';
      at = dollar + (next === '$' ? 2 : 1);
      // An unclosed parenthesis is not a variable; nor is any after it.
      if (next === '(') break;
      continue;
    }
    const name = text.slice(dollar + 2, end);
    const value = variables.get(name);
    if (value === undefined) return { ...word, unresolved: `$(${shown(name)}) is not set in the container` };
    if (value.unresolved !== undefined)
      return { ...word, unresolved: value.unresolved, harmless: value.harmless === true };
    out += value.text;
    at = end + 1;
  }
  out += text.slice(at);
  if (out.length > 16 * MAX_TEXT) return { text: '', where, unresolved: 'its variables make too long a text' };
  return { text: out, where };
}
