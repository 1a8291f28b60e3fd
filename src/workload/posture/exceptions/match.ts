import { isFields, own, ownList, ownText, step } from '../../own.ts';
import { readHooks } from '../isolation.ts';
import { INERT_VARIABLES } from '../table/index.ts';
import type { ContainerException, MountSource, VariableSource } from './exception.ts';
import { type PatternPart, patternFits } from './words.ts';

type Words = readonly (readonly PatternPart[])[];

export type CompiledVariable =
  | { readonly value: readonly PatternPart[] }
  | { readonly from: VariableSource; readonly field: string | undefined };

export interface CompiledTold {
  readonly command: Words;
  readonly args: Words;
  readonly variables: ReadonlyMap<string, readonly CompiledVariable[]>;
  /** `secret NAME`, `configMap NAME` */
  readonly envFrom: ReadonlySet<string>;
  readonly mounts: readonly { readonly path: readonly PatternPart[]; readonly source: MountSource }[];
  readonly workingDir: string | null;
  readonly hooks: readonly Words[];
}

export interface CompiledException {
  readonly exception: ContainerException;
  /** Milliseconds since 1970. */
  readonly ends: number;
  readonly images: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
  readonly serviceAccounts: ReadonlySet<string>;
  readonly containers: ReadonlySet<string>;
  readonly told: readonly CompiledTold[];
}

/** A container as an exception is asked about it. */
export interface ExceptedContainer {
  readonly container: unknown;
  readonly where: string;
  /** `sha256:<hex>`; `undefined` where the object names no image, and the platform chooses one. */
  readonly image: string | undefined;
  readonly serviceAccount: string;
  /** It is known to load models: told less, it may load a default. */
  readonly loads: boolean;
  readonly mounts: readonly { readonly path: string; readonly source: string; readonly odd: string | undefined }[];
}

export interface ExceptionMatch {
  readonly exception: ContainerException;
  /** JSON pointers to words, values and commands that a hole fits: what stands there was not named as it is. */
  readonly filled: ReadonlySet<string>;
}

/** The first exception that names the image of a container, and all that the container is told. */
export function matchException(
  exceptions: readonly CompiledException[],
  asked: ExceptedContainer,
): ExceptionMatch | undefined {
  const { container, image, serviceAccount } = asked;
  const name = ownText(container, 'name') ?? '';
  const isMeant = (names: ReadonlySet<string>, one: string) => names.size === 0 || names.has(one);
  for (const { exception, images, serviceAccounts, containers, told } of exceptions) {
    if (image !== undefined && !images.has(image)) continue;
    if (!isMeant(serviceAccounts, serviceAccount) || !isMeant(containers, name)) continue;
    for (const one of told) {
      const filled = filledBy(one, asked);
      if (filled !== undefined) return { exception, filled };
    }
  }
  return undefined;
}

/** Where holes are filled; `undefined` for a container that is told anything else. */
function filledBy(
  told: CompiledTold,
  { container, where, mounts, loads }: ExceptedContainer,
): ReadonlySet<string> | undefined {
  const filled = new Set<string>();
  const fitting =
    wordsFit(told.command, own(container, 'command'), step(where, 'command'), filled) &&
    wordsFit(told.args, own(container, 'args'), step(where, 'args'), filled) &&
    variablesFit(told, container, where, filled) &&
    mounts.every(({ path, source, odd }) => odd === undefined && mountFits(told, path, source)) &&
    folderFits(told, own(container, 'workingDir')) &&
    readHooks(container, where, (command) => isNamedHook(told.hooks, command)).length === 0 &&
    own(container, 'stdin') !== true &&
    (!loads || isWhole(told, container, mounts));
  return fitting ? filled : undefined;
}

/** Whether nothing that is listed is missing. */
function isWhole(told: CompiledTold, container: unknown, mounts: ExceptedContainer['mounts']): boolean {
  const names = new Set(ownList(container, 'env').map((entry) => ownText(entry, 'name') ?? ''));
  return (
    [...told.variables.keys()].every((name) => names.has(name)) &&
    ownList(container, 'envFrom').length >= told.envFrom.size &&
    told.mounts.every((one) =>
      mounts.some(({ path, source }) => one.source === source && patternFits(one.path, path || '/')),
    )
  );
}

function wordsFit(patterns: Words, words: unknown, where: string, filled?: Set<string>): boolean {
  if (words === undefined || words === null) return patterns.length === 0;
  if (!Array.isArray(words) || words.length !== patterns.length) return false;
  return patterns.every((parts, index) => wordFits(parts, words[index], step(where, index), filled));
}

function wordFits(
  parts: readonly PatternPart[],
  word: unknown,
  where: string,
  filled: Set<string> | undefined,
): boolean {
  if (typeof word !== 'string' || !patternFits(parts, word)) return false;
  if (parts.some((part) => 'hole' in part)) filled?.add(where);
  return true;
}

function variablesFit(told: CompiledTold, container: unknown, where: string, filled: Set<string>): boolean {
  const env = own(container, 'env');
  if (env !== undefined && env !== null && !Array.isArray(env)) return false;
  const all = ownList(container, 'env').every((entry, index) =>
    variableFits(told, entry, step(step(where, 'env'), index), filled),
  );
  return all && ownList(container, 'envFrom').every((from) => sourceFits(told, from));
}

function variableFits(told: CompiledTold, entry: unknown, where: string, filled: Set<string>): boolean {
  const name = ownText(entry, 'name') ?? '';
  const from = own(entry, 'valueFrom');
  const text = ownText(entry, 'value') ?? '';
  const known = told.variables.get(name);
  if (known === undefined) {
    const inert = Object.hasOwn(INERT_VARIABLES, name) ? INERT_VARIABLES[name] : undefined;
    return inert !== undefined && (from === undefined || from === null) && inert.value.test(text);
  }
  return known.some((one) => {
    if ('value' in one)
      return (from === undefined || from === null) && wordFits(one.value, text, step(where, 'value'), filled);
    return isFields(from) && valueFromFits(one, from);
  });
}

const FROM: Readonly<Record<string, VariableSource>> = {
  secretKeyRef: 'secret',
  configMapKeyRef: 'configMap',
  fieldRef: 'pod',
  resourceFieldRef: 'resource',
};

function valueFromFits({ from, field }: Extract<CompiledVariable, { from: VariableSource }>, value: object): boolean {
  const [kind, more] = Object.keys(value);
  if (kind === undefined || more !== undefined || !Object.hasOwn(FROM, kind) || FROM[kind] !== from) return false;
  if (from !== 'pod') return true;
  return field !== undefined && ownText(own(value, kind), 'fieldPath') === field;
}

function sourceFits({ envFrom }: CompiledTold, from: unknown): boolean {
  const keys = isFields(from) ? Object.keys(from) : [];
  const [kind, more] = keys;
  if (more !== undefined || (kind !== 'secretRef' && kind !== 'configMapRef')) return false;
  const name = ownText(own(from, kind), 'name') ?? '';
  return envFrom.has(`${kind === 'secretRef' ? 'secret' : 'configMap'} ${name}`);
}

function mountFits({ mounts }: CompiledTold, path: string, source: string): boolean {
  // The token of the Pod's own account is no setting of the program.
  if (source === 'token') return true;
  return mounts.some((one) => one.source === source && patternFits(one.path, path === '' ? '/' : path));
}

function folderFits({ workingDir }: CompiledTold, folder: unknown): boolean {
  return folder === undefined || folder === '' ? true : folder === workingDir;
}

/** Whether the command of a probe or a hook is one that an exception names. */
function isNamedHook(hooks: readonly Words[], command: readonly unknown[]): boolean {
  return hooks.some((patterns) => wordsFit(patterns, command, ''));
}
