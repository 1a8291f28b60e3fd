import { ENDPOINT_VARIABLES } from '../endpoint.ts';
import { isFields, own, ownList, ownText, step } from '../own.ts';
import { expandVariables, type Variables } from '../variables.ts';
import { quotedWord } from './hints.ts';
import { isPlainPath } from './mounts.ts';
import type { Grammar } from './table/index.ts';
import { CACHE_VARIABLES, INERT_VARIABLES, type InertVariable, LOADER_VARIABLES } from './table/index.ts';
import { rowOf } from './told.ts';

/** What the variables of a container say. */
export interface ReadEnvironment {
  readonly unknown: readonly { readonly where: string; readonly why: string }[];
  /** Places of variables that name what is loaded. */
  readonly named: readonly string[];
  /** Folders that it writes, and loads from. */
  readonly places: readonly { readonly path: string; readonly where: string }[];
  readonly namesModel: boolean;
}

/** What the kubelet knows of a Pod or a node, without what users write there. */
const OF_POD =
  /^(?:status\.(?:podIPs?|hostIPs?)|spec\.(?:nodeName|serviceAccountName)|metadata\.(?:name|namespace|uid))$/;

/** @param grammar of the program that is known to run */
export function readEnvironment(
  container: unknown,
  where: string,
  variables: Variables,
  grammar: Grammar | undefined,
): ReadEnvironment {
  const unknown: { where: string; why: string }[] = [];
  const named: string[] = [];
  const places: { path: string; where: string }[] = [];
  let namesModel = false;
  const row = grammar === undefined ? undefined : rowOf(grammar);
  for (const [index, entry] of ownList(container, 'env').entries()) {
    const at = step(step(where, 'env'), index);
    const name = ownText(entry, 'name') ?? '';
    const refuse = (why: string) =>
      void unknown.push({ where: at, why: `has the variable ${quotedWord(name)}, ${why}` });
    const inert = inertOf(name, grammar);
    if (own(entry, 'valueFrom') != null) {
      const why = whyNotFrom(own(entry, 'valueFrom'), inert);
      if (why !== undefined) refuse(why);
      continue;
    }
    const word = expandVariables({ text: ownText(entry, 'value') ?? '', where: step(at, 'value') }, variables);
    if (word.unresolved !== undefined) refuse('whose value is not in the object');
    else if (inert !== undefined) {
      if (!inert.value.test(word.text)) refuse('with a value that the tables do not know');
    } else if (grammar !== undefined && CACHE_VARIABLES.has(name)) {
      if (!isPlainPath(word.text) || /^\/(?:proc|sys|dev)(?:\/|$)/.test(word.text))
        refuse('which is not a plain folder');
      else places.push({ path: word.text, where: word.where });
    } else if (grammar !== undefined && ENDPOINT_VARIABLES.has(name)) continue;
    else if (row !== undefined && Object.hasOwn(row.env, name) && row.env[name] !== undefined) {
      const means = row.env[name];
      if ('unread' in means) refuse(means.unread);
      if (!('finds' in means) || word.text === '') continue;
      named.push(word.where);
      namesModel ||= means.finds === 'model';
      if (/^[./~]/.test(word.text)) refuse('which names a path: write it as an argument');
    } else
      refuse(grammar === undefined ? 'which the tables do not know' : `which is not in the table of ${grammar.title}`);
  }
  for (const [index, from] of ownList(container, 'envFrom').entries()) {
    const kind = isFields(from) ? (Object.keys(from).find((key) => key.endsWith('Ref')) ?? '') : '';
    unknown.push({
      where: step(step(where, 'envFrom'), index),
      why: `takes all variables of another object (${quotedWord(kind)})`,
    });
  }
  const map = own(container, 'env');
  if (isFields(map)) unknown.push({ where: step(where, 'env'), why: 'has variables that are not a list' });
  return { unknown, named, places, namesModel };
}

function inertOf(name: string, grammar: Grammar | undefined): InertVariable | undefined {
  const tables = grammar === undefined ? [INERT_VARIABLES] : [grammar.env, INERT_VARIABLES, LOADER_VARIABLES];
  for (const table of tables) if (Object.hasOwn(table, name)) return table[name];
  return undefined;
}

function whyNotFrom(from: unknown, inert: InertVariable | undefined): string | undefined {
  const [kind, more] = isFields(from) ? Object.keys(from) : [];
  const elsewhere = `which is set from ${(kind ?? 'nothing').slice(0, 40)}`;
  if (inert === undefined || kind === undefined || more !== undefined) return elsewhere;
  if (kind === 'secretKeyRef') return inert.secret === true ? undefined : elsewhere;
  if (kind === 'resourceFieldRef') return undefined;
  if (kind !== 'fieldRef' || inert.pod !== true) return elsewhere;
  const path = ownText(own(from, kind), 'fieldPath') ?? '';
  return OF_POD.test(path) ? undefined : 'whose value is a label or an annotation, which change without a review';
}

/** Variables that change what code a sealed image runs, or what it loads. */
const LOADS_CODE =
  /^(?:LD_|DYLD_|PYTHON|PERL|RUBY|NODE_|JAVA_|JDK_|_JAVA|GEM_|BUNDLE_|LUA_|GLIBC_|BASH_|GIT_|PIP_|UV_|CONDA|HF_|HUGGING|TRANSFORMERS_|SENTENCE_|TORCH|TF_|XDG_|VLLM_|SGLANG_|OLLAMA|MLFLOW_|TRITON|SSL_|REQUESTS_CA|CURL_CA)|^(?:PATH|ENV|HOME|IFS|SHELL|SHELLOPTS|PROMPT_COMMAND|CLASSPATH|PYTHONPATH)$|MODEL|WEIGHTS|CHECKPOINT|LORA|ADAPTER|PRELOAD|PLUGIN/i;

/** @returns what keeps a sealed image from being one */
export function whyUnsealed(
  container: unknown,
  where: string,
): readonly { readonly where: string; readonly why: string }[] {
  const found: { where: string; why: string }[] = [];
  for (const [index, entry] of ownList(container, 'env').entries()) {
    const name = ownText(entry, 'name') ?? '';
    const text = ownText(entry, 'value') ?? '';
    const at = step(step(where, 'env'), index);
    if (LOADS_CODE.test(name))
      found.push({ where: at, why: `has the variable ${quotedWord(name)}, which may change what is loaded` });
    else if (/(?:hf|oci|s3|gs|huggingface|models|pvc):\/\/?|huggingface\.co|hf\.co/i.test(text))
      found.push({ where: at, why: `has the variable ${quotedWord(name)}, which names something to load` });
  }
  if (ownList(container, 'envFrom').length > 0)
    found.push({ where: step(where, 'envFrom'), why: 'takes all variables of another object' });
  return found;
}
