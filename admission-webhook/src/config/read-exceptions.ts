import { closest } from '../../../src/core/index.ts';
import { type Entry, type YamlSource, yamlLibrary } from '../../../src/policy/index.ts';
import {
  type ContainerException,
  MOUNT_SOURCES,
  type MountPattern,
  patternProblem,
  type ToldPattern,
  VARIABLE_SOURCES,
  type VariablePattern,
} from '../../../src/workload/posture/exceptions/index.ts';
import { EXCEPTION_TEMPLATES, fillTemplate, type TemplateValues } from '../exceptions/index.ts';
import { readEnd } from './read-end.ts';

type Entries = ReadonlyMap<string, Entry>;

/** CWE-770: more is nothing that somebody wrote and reads. */
const MAX_EXCEPTIONS = 500;
const MAX_ITEMS = 500;
const MAX_WORDS = 500;

const ID = /^[a-z0-9][a-z0-9._-]{0,99}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$/;
const KEYS = [
  'id',
  'owner',
  'reason',
  'expires',
  'images',
  'template',
  'with',
  'told',
  'namespaces',
  'serviceAccounts',
  'containers',
];
const TOLD = ['command', 'args', 'env', 'envFrom', 'mounts', 'workingDir', 'hooks'];

/** Reads `spec.exceptions`. What is wrong is reported to the source, with its place. */
export function readExceptions(source: YamlSource, entry: Entry | undefined): readonly ContainerException[] {
  const reader = new ExceptionReader(source);
  const all = source.list(entry, MAX_EXCEPTIONS).flatMap((node) => reader.read(node) ?? []);
  const seen = new Set<string>();
  for (const { id } of all) {
    if (seen.has(id) && entry !== undefined) source.report(entry.at, `the exception ${id} appears twice`, 'rename one');
    seen.add(id);
  }
  return all;
}

class ExceptionReader {
  readonly #source: YamlSource;

  constructor(source: YamlSource) {
    this.#source = source;
  }

  read(node: unknown): ContainerException | undefined {
    const at = this.#source.positionOf(node);
    const fields = this.#source.mapping(node, 'an exception', KEYS);
    if (fields === undefined) return undefined;
    for (const key of ['id', 'owner', 'reason', 'expires', 'images'])
      if (!fields.has(key)) this.#source.report(at, `an exception lacks ${key}`);
    if (fields.has('template') === fields.has('told'))
      this.#source.report(at, 'an exception has told or template', 'write one of the two');
    const id = this.#shaped(fields.get('id'), ID, 'use lower-case letters, digits, points, dashes and _');
    const [owner, reason] = ['owner', 'reason'].map((key) => this.#text(fields.get(key)));
    const expires = readEnd(this.#source, fields.get('expires'));
    const images = this.#names(fields.get('images'), DIGEST, 'write sha256: and 64 hex digits');
    if (fields.has('images') && images.length === 0)
      this.#source.report(at, 'images is empty', 'name the digest of the image');
    const told = fields.has('template') ? this.#template(fields) : this.#told(fields);
    const [namespaces = [], serviceAccounts = [], containers = []] = [
      'namespaces',
      'serviceAccounts',
      'containers',
    ].map((key) => this.#names(fields.get(key), NAME, 'names are exact'));
    if (told.some(({ envFrom }) => envFrom.length > 0) && namespaces.length === 0)
      this.#source.report(
        at,
        'an exception with envFrom holds in no namespace',
        'name the namespaces: others have other Secrets of that name',
      );
    if (id === undefined || owner === undefined || reason === undefined || expires === undefined) return undefined;
    return { id, owner, reason, expires, images, told, namespaces, serviceAccounts, containers };
  }

  #template(fields: Entries): readonly ToldPattern[] {
    const entry = fields.get('template');
    const name = entry && this.#source.text(entry);
    const template = EXCEPTION_TEMPLATES.find(({ id }) => id === name);
    const values = this.#values(fields.get('with'));
    if (entry === undefined || name === undefined) return [];
    if (template === undefined) {
      const known = EXCEPTION_TEMPLATES.map(({ id }) => id);
      const [near] = closest(name, known);
      this.#source.report(
        entry.at,
        `${name} is not a template`,
        near === undefined ? `use one of ${known.join(', ')}` : `did you mean ${near}?`,
      );
      return [];
    }
    const filled = fillTemplate(template, values);
    if ('told' in filled) return filled.told;
    if ('missing' in filled)
      this.#source.report(
        entry.at,
        `the template needs ${filled.missing}`,
        `write with: {${filled.missing}: the exact text}`,
      );
    else
      this.#source.report(entry.at, `no container of the template ${name} with these parameters has ${filled.unused}`);
    return [];
  }

  #values(entry: Entry | undefined): TemplateValues {
    if (entry === undefined) return {};
    const { isMap, isScalar, isSeq } = yamlLibrary();
    if (!isMap(entry.value)) {
      this.#source.report(entry.at, 'with is not a mapping of names to texts', 'write name: text');
      return {};
    }
    const pairs = entry.value.items.map(({ key, value }): readonly [string, string | readonly string[]] => {
      const text = (node: unknown) => this.#source.exactText(node, 'a value of with') ?? '';
      return [
        isScalar(key) ? String(key.value) : '',
        isSeq(value) ? value.items.slice(0, MAX_WORDS).map(text) : text(value),
      ];
    });
    return Object.fromEntries(pairs);
  }

  #told(fields: Entries): readonly ToldPattern[] {
    const entry = fields.get('told');
    return this.#source.list(entry, MAX_ITEMS).flatMap((node) => this.#oneTold(node) ?? []);
  }

  #oneTold(node: unknown): ToldPattern | undefined {
    const fields = this.#source.mapping(node, 'an item of told', TOLD);
    if (fields === undefined) return undefined;
    const folder = fields.get('workingDir');
    return {
      command: fields.has('command') ? this.#words(fields.get('command')) : null,
      args: fields.has('args') ? this.#words(fields.get('args')) : null,
      env: this.#items(fields.get('env'), (one) => this.#variable(one)),
      envFrom: this.#items(fields.get('envFrom'), (one) => this.#from(one)),
      mounts: this.#items(fields.get('mounts'), (one) => this.#mount(one)),
      workingDir: folder === undefined ? null : (this.#shaped(folder, /^\//, 'write an absolute path') ?? null),
      hooks: this.#items(fields.get('hooks'), (one) => this.#wordsOf(one)),
    };
  }

  #items<T>(entry: Entry | undefined, read: (node: unknown) => T | undefined): readonly T[] {
    return this.#source
      .list(entry, MAX_ITEMS)
      .map(read)
      .filter((one) => one !== undefined);
  }

  #words(entry: Entry | undefined): readonly string[] {
    return this.#source.list(entry, MAX_WORDS).map((node) => this.#pattern(node));
  }

  #wordsOf(node: unknown): readonly string[] | undefined {
    const { isSeq } = yamlLibrary();
    if (!isSeq(node)) return this.#source.report(this.#source.positionOf(node), 'a hook is not a list of words');
    return node.items.slice(0, MAX_WORDS).map((word) => this.#pattern(word));
  }

  #pattern(node: unknown): string {
    const text = this.#source.exactText(node, 'a word') ?? '';
    const problem = patternProblem(text);
    if (problem !== undefined)
      this.#source.report(this.#source.positionOf(node), `a word ${problem}`, 'write exact words');
    return text;
  }

  #variable(node: unknown): VariablePattern | undefined {
    const at = this.#source.positionOf(node);
    const fields = this.#source.mapping(node, 'a variable', ['name', 'value', 'from', 'field']);
    const name = fields && this.#text(fields.get('name'), 'name', at);
    const [value, from, field] = ['value', 'from', 'field'].map((key) => fields?.get(key));
    if (name === undefined) return undefined;
    if ((value === undefined) === (from === undefined))
      return this.#source.report(at, 'a variable has a value or a source', 'write value: text, or from: secret');
    if (value !== undefined) return { name, value: this.#pattern(value.value) };
    const text = from && this.#source.text(from);
    const source = VARIABLE_SOURCES.find((known) => known === text);
    if (source === undefined)
      return this.#source.report(at, `${text ?? 'this'} is not a source`, `use one of ${VARIABLE_SOURCES.join(', ')}`);
    const path = field && this.#source.text(field);
    if ((source === 'pod') !== (path !== undefined))
      return this.#source.report(at, 'field belongs to the source pod', 'write from: pod and field: status.podIP');
    return { name, from: source, ...(path === undefined ? {} : { field: path }) };
  }

  #from(node: unknown): ToldPattern['envFrom'][number] | undefined {
    const fields = this.#source.mapping(node, 'an item of envFrom', ['secret', 'configMap']);
    const [entry, more] = [...(fields?.values() ?? [])];
    if (entry === undefined || more !== undefined)
      return this.#source.report(
        this.#source.positionOf(node),
        'an item of envFrom names one object',
        'write secret: NAME',
      );
    const name = this.#shaped(entry, NAME, 'use its name');
    return name === undefined ? undefined : { kind: entry.key === 'secret' ? 'secret' : 'configMap', name };
  }

  #mount(node: unknown): MountPattern | undefined {
    const at = this.#source.positionOf(node);
    const fields = this.#source.mapping(node, 'a mount', ['path', 'source']);
    const path = fields?.get('path');
    const text = this.#text(fields?.get('source'), 'source', at);
    const source = MOUNT_SOURCES.find((known) => known === text);
    if (path === undefined || source === undefined)
      return this.#source.report(at, 'a mount has a path and a source', `source is one of ${MOUNT_SOURCES.join(', ')}`);
    return { path: this.#pattern(path.value), source };
  }

  #names(entry: Entry | undefined, shape: RegExp, hint: string): readonly string[] {
    return this.#source.list(entry, MAX_ITEMS).flatMap((node) => {
      const text = this.#source.textOf(node, `an item of ${entry?.key ?? ''}`);
      if (text === undefined || shape.test(text)) return text ?? [];
      return (
        this.#source.report(this.#source.positionOf(node), `${text} is not an item of ${entry?.key ?? ''}`, hint) ?? []
      );
    });
  }

  #text(entry: Entry | undefined, what?: string, at?: Parameters<YamlSource['report']>[0]): string | undefined {
    if (entry !== undefined) return this.#source.text(entry);
    return what === undefined || at === undefined ? undefined : this.#source.report(at, `${what} is missing`);
  }

  #shaped(entry: Entry | undefined, shape: RegExp, hint: string): string | undefined {
    const text = entry && this.#source.text(entry);
    if (entry === undefined || text === undefined || shape.test(text)) return text;
    return this.#source.report(entry.at, `${text} is not a value of ${entry.key}`, hint);
  }
}
