import { AssayError, closest } from '../../../src/core/index.ts';
import { type Entry, YamlSource, yamlLibrary } from '../../../src/policy/index.ts';
import { type AdmissionPolicyDocument, compileAdmissionPolicies, POLICY_ACTIONS } from '../decide/index.ts';
import { heldExceptions } from '../exceptions/index.ts';
import type { MutationOptions } from '../patch.ts';
import { NO_POLICIES } from '../policies.ts';
import { MODES, OUTCOMES, type Outcome, WEBHOOK_ACTIONS, type WebhookAction } from '../rules.ts';
import type { AdmissionConfig, NamespaceSettings, RuleSettings } from './config.ts';
import { NO_CONFIG } from './defaults.ts';
import { STAGE } from './namespace-rules.ts';
import { readBaseline } from './read-baseline.ts';
import { readExceptions } from './read-exceptions.ts';

type Entries = ReadonlyMap<string, Entry>;

/** CWE-770: more is nothing that somebody wrote and reads. */
const MAX_NAMESPACES = 1_000;
const MAX_NAMES = 1_000;
const MAX_LABELS = 64;
const MAX_POLICIES = 100;
const MAX_KINDS = 200;
const MAX_MESSAGE = 500;

const ID = /^[a-z0-9][a-z0-9._-]{0,99}$/;
/** A Namespace (RFC 1123 label). */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_NAME = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const IMAGE = /^[A-Za-z0-9][\w.:/@-]{0,500}$/;
/** `Deployment.apps`. */
const KIND = /^[A-Z][A-Za-z0-9]{0,62}(?:\.[a-z0-9][a-z0-9.-]{0,252})?$/;
const PINS = ['off', 'annotate', 'rewrite'] as const;
const GUIDE = 'see docs/admission.md for a configuration';

/**
 * Reads the configuration of the webhook (YAML), strictly: `apiVersion: assay.dev/v1`, `kind: AdmissionConfig`. Expressions are checked
 * and compiled.
 * @param file for messages
 * @throws AssayError `usage` that names file, line and column, the cause and the hint
 */
export function readAdmissionConfig(text: string | Uint8Array, file: string): AdmissionConfig {
  const source = new YamlSource(typeof text === 'string' ? Buffer.from(text) : text, 'failsafe');
  const config = source.problems.length === 0 ? new ConfigReader(source).read() : NO_CONFIG;
  const [first] = [...source.problems].sort((a, b) => a.line - b.line || a.column - b.column);
  if (first === undefined) return config;
  const more = source.problems.length - 1;
  throw new AssayError('usage', more === 0 ? first.message : `${first.message} (and ${more} more)`, {
    subject: `${file}:${first.line}:${first.column}`,
    hint: first.hint ?? GUIDE,
  });
}

class ConfigReader {
  readonly #source: YamlSource;

  constructor(source: YamlSource) {
    this.#source = source;
  }

  read(): AdmissionConfig {
    const what = 'an AdmissionConfig';
    const root = this.#source.mapping(this.#source.root, what, ['apiVersion', 'kind', 'metadata', 'spec']);
    if (root === undefined) return NO_CONFIG;
    this.#constant(root, 'apiVersion', 'assay.dev/v1');
    this.#constant(root, 'kind', 'AdmissionConfig');
    const spec = this.#inner(root, 'spec', [
      'defaults',
      'namespaces',
      'expired',
      'policies',
      'exceptions',
      'baseline',
      'mutation',
      'serviceUrl',
      'ownNamespace',
    ]);
    if (spec === undefined) return NO_CONFIG;
    const ownNamespace = spec.get('ownNamespace');
    return {
      defaults: this.#defaults(spec),
      namespaces: this.#items(spec, 'namespaces', MAX_NAMESPACES, (node) => this.#namespace(node)),
      policies: this.#policies(spec),
      baseline: readBaseline(this.#source, spec.get('baseline')),
      exceptions: heldExceptions(readExceptions(this.#source, spec.get('exceptions'))),
      mutation: this.#mutation(spec),
      serviceUrl: this.#address(spec.get('serviceUrl')),
      ownNamespace:
        (ownNamespace && this.#shaped(ownNamespace, NAMESPACE, 'use lower-case letters, digits and dashes')) ?? null,
    };
  }

  #constant(root: Entries, key: string, value: string): void {
    const entry = root.get(key);
    if (entry === undefined) {
      this.#source.report(
        this.#source.positionOf(this.#source.root),
        `an AdmissionConfig lacks ${key}`,
        `write ${key}: ${value}`,
      );
    } else if (this.#source.text(entry) !== value) {
      this.#source.report(entry.at, `${key} is not ${value}`, `write ${key}: ${value}`);
    }
  }

  #inner(root: Entries, key: string, known: readonly string[]): Entries | undefined {
    const entry = root.get(key);
    return entry && this.#source.mapping(entry.value, key, known, entry.at);
  }

  #items<T>(entries: Entries, key: string, most: number, read: (node: unknown) => T | undefined): readonly T[] {
    return this.#source.list(entries.get(key), most).flatMap((node) => read(node) ?? []);
  }

  #defaults(spec: Entries): RuleSettings {
    const fields = this.#inner(spec, 'defaults', ['mode', 'stage', 'actions']);
    const settings = fields === undefined ? {} : this.#settings(fields);
    const expired = spec.get('expired');
    if (expired === undefined) return settings;
    if (settings.actions?.expired !== undefined)
      this.#source.report(expired.at, 'expired is set here and in defaults.actions', 'keep one');
    const action = this.#word(expired, WEBHOOK_ACTIONS);
    return action === undefined ? settings : { ...settings, actions: { ...settings.actions, expired: action } };
  }

  #settings(fields: Entries): RuleSettings {
    const mode = fields.get('mode');
    const stage = fields.get('stage');
    const actions = fields.get('actions');
    const read = {
      mode: mode && this.#word(mode, MODES),
      stage: stage && this.#shaped(stage, STAGE, 'write production, staging, or another of lower-case letters'),
      actions: actions && this.#actions(actions),
    };
    return {
      ...(read.mode === undefined ? {} : { mode: read.mode }),
      ...(read.stage === undefined ? {} : { stage: read.stage }),
      ...(read.actions === undefined ? {} : { actions: read.actions }),
    };
  }

  #actions(entry: Entry): Partial<Record<Outcome, WebhookAction>> | undefined {
    const fields = this.#source.mapping(entry.value, 'actions', OUTCOMES, entry.at);
    const actions: Partial<Record<Outcome, WebhookAction>> = {};
    for (const outcome of OUTCOMES) {
      const set = fields?.get(outcome);
      const action = set && this.#word(set, WEBHOOK_ACTIONS);
      if (set !== undefined && outcome === 'approved' && action === 'deny')
        this.#source.report(set.at, 'approved models are never denied', 'use mode, or a policy');
      if (action !== undefined) actions[outcome] = action;
    }
    return actions;
  }

  #namespace(node: unknown): NamespaceSettings | undefined {
    const at = this.#source.positionOf(node);
    const fields = this.#source.mapping(node, 'an item of namespaces', ['names', 'labels', 'mode', 'stage', 'actions']);
    if (fields === undefined) return undefined;
    const labels = fields.get('labels');
    if (fields.has('names') === fields.has('labels'))
      this.#source.report(at, 'an item of namespaces has names or labels', 'write one of the two');
    const chosen = labels === undefined ? { names: this.#names(fields) } : { labels: this.#labels(labels) };
    return { ...chosen, ...this.#settings(fields) };
  }

  #names(fields: Entries): readonly string[] {
    const before = this.#source.problems.length;
    const names = this.#items(fields, 'names', MAX_NAMES, (node) => {
      const name = this.#source.textOf(node, 'an item of names');
      if (name === undefined || NAMESPACE.test(name)) return name;
      const hint = name.includes('*') ? 'names are exact: use labels for several' : 'use its name';
      return this.#source.report(this.#source.positionOf(node), `${name} is not the name of a namespace`, hint);
    });
    const entry = fields.get('names');
    if (entry !== undefined && names.length === 0 && this.#source.problems.length === before)
      this.#source.report(entry.at, 'names is empty: it matches nothing', 'name one');
    return names;
  }

  #labels(entry: Entry): Readonly<Record<string, string>> {
    const { isMap, isScalar } = yamlLibrary();
    if (!isMap(entry.value) || entry.value.items.length === 0 || entry.value.items.length > MAX_LABELS) {
      this.#source.report(entry.at, 'labels is not a mapping of names to values', 'write name: value');
      return {};
    }
    const labels = entry.value.items.map(({ key, value }): readonly [string, string] => {
      const [name, text] = [key, value].map((node) => (isScalar(node) ? String(node.value) : ''));
      if (name === undefined || !LABEL_NAME.test(name))
        this.#source.report(
          this.#source.positionOf(key),
          `${name} is not a name of a label`,
          'write it as Kubernetes does',
        );
      if (!isScalar(value) || text === undefined || !LABEL_VALUE.test(text))
        this.#source.report(
          this.#source.positionOf(value ?? key),
          `the value of ${name} is not a label value`,
          'write text',
        );
      return [name ?? '', text ?? ''];
    });
    return Object.fromEntries(labels);
  }

  #policies(spec: Entries): AdmissionConfig['policies'] {
    const documents = this.#items(spec, 'policies', MAX_POLICIES, (node) => this.#policy(node));
    const seen = new Set<string>();
    for (const { id, at } of documents) {
      if (seen.has(id)) this.#source.report(at, `the policy ${id} appears twice`, 'rename one');
      seen.add(id);
    }
    const compiled = compileAdmissionPolicies(documents);
    if (compiled.kind === 'policies') return compiled.policies;
    for (const { line, column, message, hint } of compiled.problems)
      this.#source.report({ line, column }, message, hint);
    return NO_POLICIES;
  }

  #policy(node: unknown): AdmissionPolicyDocument | undefined {
    const at = this.#source.positionOf(node);
    const known = ['id', 'expression', 'message', 'action'] as const;
    const fields = this.#source.mapping(node, 'a policy', known);
    if (fields === undefined) return undefined;
    for (const key of known) {
      if (!fields.has(key) && key !== 'action') this.#source.report(at, `a policy lacks ${key}`);
    }
    const [named, written, told, done] = known.map((key) => fields.get(key));
    const id = named && this.#shaped(named, ID, 'use lower-case letters, digits, points, dashes and _');
    const text = written && this.#source.text(written);
    const message = told && this.#source.text(told);
    const action = done === undefined ? 'deny' : this.#word(done, POLICY_ACTIONS);
    if (message !== undefined && message.length > MAX_MESSAGE)
      this.#source.report(told?.at ?? at, `message has more than ${MAX_MESSAGE} characters`, 'shorten it');
    if (id === undefined || text === undefined || message === undefined || action === undefined) return undefined;
    const locate = this.#source.locator(written?.value);
    return { id, at, message, action, expression: { text, at: locate(0), locate } };
  }

  #mutation(spec: Entries): MutationOptions {
    const fields = this.#inner(spec, 'mutation', ['pin', 'kinds', 'fetch']);
    const pin = fields?.get('pin');
    const fetch = fields?.get('fetch');
    return {
      pin: (pin && this.#word(pin, PINS)) ?? 'off',
      ...(fields?.has('kinds') === true ? { kinds: this.#kinds(fields) } : {}),
      fetch: fetch === undefined ? null : this.#fetch(fetch),
    };
  }

  #kinds(fields: Entries): readonly string[] {
    return this.#items(fields, 'kinds', MAX_KINDS, (node) => {
      const kind = this.#source.textOf(node, 'an item of kinds');
      if (kind === undefined || KIND.test(kind)) return kind;
      const hint = 'write Deployment.apps, or Pod for the core group';
      return this.#source.report(this.#source.positionOf(node), `${kind} is not a kind and group`, hint);
    });
  }

  #fetch(entry: Entry): MutationOptions['fetch'] {
    const fields = this.#source.mapping(entry.value, 'fetch', ['image'], entry.at);
    const image = fields?.get('image');
    if (fields !== undefined && image === undefined)
      this.#source.report(entry.at, 'fetch lacks image', 'name the image of assay');
    const name = image && this.#shaped(image, IMAGE, 'write registry/repository@sha256:...');
    return name === undefined ? null : { image: name };
  }

  #address(entry: Entry | undefined): string | null {
    const text = entry && this.#source.text(entry);
    if (entry === undefined || text === undefined) return null;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isFit = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
    if (isFit && url.search === '' && url.hash === '') return text.replace(/\/+$/, '');
    const hint = 'write https://host/path, without user, query and #';
    return this.#source.report(entry.at, `${entry.key} is not an address of a service`, hint) ?? null;
  }

  #word<T extends string>(entry: Entry, known: readonly T[]): T | undefined {
    const text = this.#source.text(entry);
    const word = known.find((one) => one === text);
    if (word !== undefined || text === undefined) return word;
    const [near] = closest(text, known);
    const hint = near === undefined ? `use one of ${known.join(', ')}` : `did you mean ${near}?`;
    return this.#source.report(entry.at, `${text} is not a valid value of ${entry.key}`, hint);
  }

  #shaped(entry: Entry, shape: RegExp, hint: string): string | undefined {
    const text = this.#source.text(entry);
    if (text === undefined || shape.test(text)) return text;
    return this.#source.report(
      entry.at,
      `${text} is not ${/^[aeiou]/.test(entry.key) ? 'an' : 'a'} ${entry.key}`,
      hint,
    );
  }
}
