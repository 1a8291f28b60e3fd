import { AssayError, quotedName } from '../../core/index.ts';
import { array, check, objectOf, opaque, optionalOf, string, text, wholeNumber } from '../../core/schema/index.ts';
import { assertShallowYaml } from '../../core/yaml/index.ts';
import { type DataSpec, dataSchema, type PromptsSpec, promptsSchema } from '../data/index.ts';
import type { OutputRoles } from '../subject/index.ts';
import { TEST_KINDS, type TestKind } from '../tests/index.ts';

/** The tests of a model, as an organisation wrote them. */
export interface Suite {
  readonly name: string;
  /** Of all random numbers. */
  readonly seed: number;
  readonly roles: OutputRoles;
  /** Rows, by name. */
  readonly data: ReadonlyMap<string, SuiteData>;
  /** Prompts, by name: none that rows have. */
  readonly prompts: ReadonlyMap<string, PromptsSpec>;
  readonly tests: readonly SuiteTest[];
}

export interface SuiteData {
  readonly given: DataSpec;
  /** Where the outputs are that are expected. */
  readonly outputs: DataSpec['inputs'] | undefined;
}

export interface SuiteTest {
  readonly id: string;
  readonly kind: TestKind;
  /** A name among the data, or the prompts. */
  readonly data: string;
  /** Other names among the data, by the option that gives them. */
  readonly others: ReadonlyMap<string, string>;
  /** Paths of other models. */
  readonly models: readonly string[];
  /** What the kind takes, checked. */
  readonly options: Parameters<TestKind['run']>[0];
}

/** A suite that people write is smaller. */
export const MAX_SUITE = 1024 * 1024;
const MAX_TESTS = 1_000;
const SEED = 1;
const ID = { pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' };
const HINT = 'assay test --help shows what a suite says; assay test <model> --init writes one';

const DOCUMENT = objectOf(
  {
    version: wholeNumber({ minimum: 1, maximum: 1, description: '1.' }),
    name: string(ID),
    description: optionalOf(text()),
    seed: optionalOf(wholeNumber({ minimum: 0, maximum: 2 ** 32 - 1 })),
    model: optionalOf(objectOf({ label: optionalOf(text()), scores: optionalOf(text()) }, { more: false })),
    data: opaque<Readonly<Record<string, unknown>>>({ type: 'object' }),
    tests: array(opaque<Readonly<Record<string, unknown>>>({ type: 'object' })),
  },
  { more: false },
);

const HEAD = objectOf({ id: string(ID), kind: text(), data: text() }, { more: true });
const KINDS: ReadonlyMap<string, TestKind> = new Map(TEST_KINDS.map((kind) => [kind.kind, kind]));

/**
 * Reads a suite.
 * @param subject what to call the file in messages
 * @throws AssayError `usage` naming what is wrong, and where
 */
export async function parseSuite(source: string, subject: string): Promise<Suite> {
  const document = checked(DOCUMENT, await yamlOf(source, subject), '', subject);
  const data = new Map<string, SuiteData>();
  const prompts = new Map<string, PromptsSpec>();
  for (const [name, value] of Object.entries(document.data)) {
    const where = `data.${name}`;
    if (isMapping(value) && Object.hasOwn(value, 'prompts'))
      prompts.set(name, checked(promptsSchema, value, where, subject));
    else data.set(name, dataOf(value, where, subject));
  }
  if (document.tests.length > MAX_TESTS) throw wrong(`has more than ${MAX_TESTS} tests`, subject);
  const tests = document.tests.map((value, i) => testOf(value, { data, prompts }, `tests[${i}]`, subject));
  const ids = tests.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw wrong(`has two tests of the id ${quotedName(twice)}`, subject);
  return { name: document.name, seed: document.seed ?? SEED, roles: document.model ?? {}, data, prompts, tests };
}

async function yamlOf(source: string, subject: string): Promise<unknown> {
  if (source.length > MAX_SUITE) throw wrong('is larger than 1 MiB', subject);
  try {
    assertShallowYaml(source);
    const { parseDocument } = await import('yaml');
    const document = parseDocument(source);
    // A tag that YAML does not know would be passed over, with a warning.
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) throw fault;
    return document.toJS();
  } catch (error) {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw wrong(`is not YAML: ${first}`, subject);
  }
}

function dataOf(value: unknown, where: string, subject: string): SuiteData {
  if (!isMapping(value)) throw wrong(`${where} is not a mapping`, subject);
  const { outputs, ...given } = value;
  const stray = Object.keys(given).find((key) => !Object.hasOwn(dataSchema.entries, key));
  if (stray !== undefined) {
    const known = [...Object.keys(dataSchema.entries), 'outputs', 'prompts'].join(', ');
    throw wrong(`${where} does not take ${quotedName(stray)}; it takes ${known}`, subject);
  }
  return {
    given: checked(dataSchema, given, where, subject),
    outputs: outputs === undefined ? undefined : checked(dataSchema, { inputs: outputs }, where, subject).inputs,
  };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function testOf(
  value: unknown,
  { data, prompts }: Pick<Suite, 'data' | 'prompts'>,
  where: string,
  subject: string,
): SuiteTest {
  const { id, kind: named, data: source, ...options } = checked(HEAD, value, where, subject);
  const kind = KINDS.get(named);
  if (kind === undefined)
    throw wrong(
      `${where}: there is no kind of test ${quotedName(named)}; there are ${[...KINDS.keys()].join(', ')}`,
      subject,
    );
  checkData(source, kind.takes ?? 'rows', { data, prompts }, `${where} (${id}): ${named}`, subject);
  const stray = Object.keys(options).find((name) => !Object.hasOwn(kind.options.properties, name));
  if (stray !== undefined) {
    const known = Object.keys(kind.options.properties).join(', ') || 'nothing';
    throw wrong(`${where} (${id}): ${named} does not take ${quotedName(stray)}; it takes ${known}`, subject);
  }
  const given = checked(kind.options, options, `${where} (${id})`, subject);
  const others = new Map(
    (kind.reads ?? []).flatMap((option): [string, string][] => {
      const name = given[option];
      return typeof name === 'string' ? [[option, name]] : [];
    }),
  );
  for (const [option, name] of others)
    checkData(name, 'rows', { data, prompts }, `${where} (${id}).${option}`, subject);
  const models = (kind.opens ?? []).flatMap((option): readonly unknown[] => {
    const paths = given[option];
    return Array.isArray(paths) ? paths : [];
  });
  return { id, kind, data: source, others, models: models.filter((path) => typeof path === 'string'), options: given };
}

/** @param takes what the data have to be */
function checkData(
  name: string,
  takes: 'rows' | 'prompts' | 'any',
  { data, prompts }: Pick<Suite, 'data' | 'prompts'>,
  where: string,
  subject: string,
): void {
  const [hasRows, hasPrompts] = [data.has(name), prompts.has(name)];
  if ((hasRows && takes !== 'prompts') || (hasPrompts && takes !== 'rows')) return;
  if (hasRows || hasPrompts)
    throw wrong(`${where} takes ${takes}, and ${quotedName(name)} has ${hasRows ? 'rows' : 'prompts'}`, subject);
  const known = [...data.keys(), ...prompts.keys()].join(', ') || 'none';
  throw wrong(`${where}: the suite has no data ${quotedName(name)}; it has ${known}`, subject);
}

/** @throws AssayError `usage` with the first fault */
function checked<T>(schema: Parameters<typeof check<T>>[0], value: unknown, where: string, subject: string): T {
  const result = check(schema, value);
  if ('value' in result) return result.value;
  const [{ pointer, message }] = result.invalid;
  const path = pointer.slice(1).replaceAll('/', '.');
  throw wrong(`${[where, path].filter((part) => part !== '').join('.')} ${message}`.trim(), subject);
}

function wrong(message: string, subject: string): AssayError {
  return new AssayError('usage', message, { subject, hint: HINT });
}
