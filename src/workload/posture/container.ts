import { Collector } from '../collector.ts';
import { own, ownList, ownText, step } from '../own.ts';
import { recognise } from '../programs.ts';
import { expandVariables, readVariables, type ShellWord, type Variables } from '../variables.ts';
import type { ContainerCommand } from './command.ts';
import { readEnvironment, whyUnsealed } from './environment.ts';
import { type ExceptionMatch, matchException } from './exceptions/index.ts';
import { HINTS } from './hints.ts';
import { containerImage, type ReadOfImage } from './image.ts';
import { commandOf, recorded } from './image-command.ts';
import { readImageVariables } from './image-variables.ts';
import { type Objection, readHooks, readReach } from './isolation.ts';
import type { PostureKnowledge } from './knowledge.ts';
import { isPlainPath, type MountReader, type PodMount, type PodVolume, readPodMounts, whyUnsafe } from './mounts.ts';
import type { ImageApproval, PostureProblem, ProblemKind } from './result.ts';
import { whyActive } from './script.ts';
import { serverProblems } from './server.ts';

/** One container, read as far as it can be without the others. */
export interface ReadRun {
  readonly name: string | null;
  readonly where: string;
  readonly program: string | null;
  /** What would have to be otherwise for it to be understood. */
  readonly problems: readonly PostureProblem[];
  /** The same for sealed; absent where its image is not approved as sealed. */
  readonly unsealed: readonly PostureProblem[] | undefined;
  readonly mounts: readonly PodMount[];
  /** The exception that names all of it. */
  readonly excepted: ExceptionMatch | undefined;
  /** What it writes is known: models that were found, or nothing. */
  readonly writesKnown: boolean;
  /** It is known to load models. */
  readonly loads: boolean;
  /** Places that name what it loads: all of them have to be among what was found. */
  readonly named: readonly string[];
}

/** What holds for all containers of a Pod. */
export interface PodContext {
  /** The platform chooses the image where none is named. */
  readonly hasOwnImage?: true;
  readonly serviceAccount: string;
  readonly volumes: ReadonlyMap<string, PodVolume | undefined>;
  readonly reach: readonly Objection[];
  readonly aliases: readonly Objection[];
  /** Names of volumes that more than one container mounts. */
  readonly shared: ReadonlySet<string>;
}

export function readRun(container: unknown, where: string, pod: PodContext, knowledge: PostureKnowledge): ReadRun {
  const name = ownText(container, 'name') ?? null;
  const mounts = readPodMounts(container, where, pod.volumes);
  if (knowledge.isOwn(container)) {
    const none = { problems: [], unsealed: undefined, excepted: undefined, writesKnown: true, loads: false, named: [] };
    return { name, where, program: 'assay pull', mounts, ...none };
  }
  const read = containerImage(container, where, knowledge);
  const image = pod.hasOwnImage === true && read.text === '' ? { ...read, problems: [] } : read;
  const variables = readVariables(container, where, new Collector());
  const command = wordsOf(container, 'command', where, variables);
  const args = wordsOf(container, 'args', where, variables);
  const runs = commandOf(command, args, image, where);
  const about: Read = { container, where, pod, image, variables, runs, mounts };
  const { problems, named } = understoodProblems(about);
  const words = [...recorded(image), ...command, ...args];
  const loads = runs.kind === 'server' || recognise(image.text, words).size > 0;
  // What a server of models loads is never what its image holds.
  const unsealed = image.approval?.as === 'sealed' && !loads ? sealedProblems(about) : undefined;
  const program = runs.kind === 'server' ? runs.grammar.title : runs.kind === 'inert' ? runs.name : null;
  const writesKnown = runs.kind === 'server' || runs.kind === 'inert';
  const excepted = exceptionOf(about, loads, knowledge);
  return { name, where, program, problems, unsealed, excepted, mounts, writesKnown, loads, named };
}

/** A container, and what was read of it. */
interface Read {
  readonly container: unknown;
  readonly where: string;
  readonly pod: PodContext;
  readonly image: ReadOfImage;
  readonly variables: Variables;
  readonly runs: ContainerCommand;
  readonly mounts: readonly PodMount[];
}

/** An exception for what an approved image is told; never for what reaches into other containers. */
function exceptionOf(
  { container, where, pod, image, mounts }: Read,
  loads: boolean,
  { exceptions = [] }: PostureKnowledge,
): ExceptionMatch | undefined {
  const reaches = [...image.problems, ...readReach(container, where), ...pod.reach, ...pod.aliases];
  if (exceptions.length === 0 || reaches.length > 0) return undefined;
  // Where the platform chooses the image, the Pod that it makes names it.
  if (image.digest === undefined && !(pod.hasOwnImage === true && image.text === '')) return undefined;
  return matchException(exceptions, {
    container,
    where,
    mounts,
    image: image.digest,
    serviceAccount: pod.serviceAccount,
    loads,
  });
}

/** What keeps a container from being understood, and the places of what it names. */
function understoodProblems({ container, where, pod, image, variables, runs, mounts }: Read) {
  const grammar = runs.kind === 'server' ? runs.grammar : undefined;
  const open: ProblemKind = grammar === undefined ? 'program' : 'told';
  const reader: MountReader = grammar !== undefined ? 'loader' : runs.kind === 'inert' ? 'inert' : 'program';
  const as = (kind: ProblemKind, all: readonly Objection[], hint: string = HINTS[kind]): readonly PostureProblem[] =>
    all.map((one) => ({ kind, where: one.where, why: one.why, hint }));
  const environment = readEnvironment(container, where, variables, grammar);
  const told = serverProblems(runs, environment, container, mounts, where);
  const unsafe = mounts.flatMap((mount): readonly PostureProblem[] => {
    const found = whyUnsafe(mount, reader, pod.shared.has(mount.name));
    if (found === undefined) return [];
    if (!found.place) return as(open, [{ where: mount.where, why: found.why }]);
    const kind = grammar === undefined ? 'program' : 'place';
    return as(kind, [{ where: mount.volume, why: found.why }], HINTS.place);
  });
  const problems = [
    ...image.problems,
    ...(runs.kind === 'unknown' ? [runs.problem] : []),
    ...as('told', told.problems),
    ...(told.silent ? as('program', [{ where, why: 'is told no model, so what it loads is unknown' }]) : []),
    ...as(open, environment.unknown),
    ...(grammar === undefined ? [] : as('told', readImageVariables(image, container, step(where, 'image'), grammar))),
    ...unsafe,
    ...as(open, readHooks(container, where), HINTS.command),
    ...as(open, folderProblems(container, where, reader, image.approval)),
    ...as(open, readReach(container, where)),
    ...as('program', pod.reach),
    ...(grammar === undefined ? [] : as('told', pod.aliases)),
  ];
  return { problems, named: told.named };
}

/** The text of a job that a cluster runs on its own: one literal command of an inert program, or unknown. */
export function readCommandRun(text: string, where: string): ReadRun {
  const about = {
    name: null,
    where,
    unsealed: undefined,
    excepted: undefined,
    mounts: [],
    writesKnown: false,
    loads: false,
    named: [],
  };
  const why = whyActive(text);
  if (why === undefined) return { ...about, program: null, problems: [] };
  return { ...about, program: null, problems: [{ kind: 'program', where, why, hint: HINTS.program }] };
}

function wordsOf(container: unknown, field: string, where: string, variables: Variables): readonly ShellWord[] {
  return ownList(container, field).map((text, index) => {
    const at = step(step(where, field), index);
    if (typeof text !== 'string') return { text: '', where: at, unresolved: 'is not text' };
    return expandVariables({ text, where: at }, variables);
  });
}

/** The folder where it starts: its image's, or the recorded one. Python and the libraries of the Hub load from there first. */
function folderProblems(
  container: unknown,
  where: string,
  reader: MountReader,
  approval: ImageApproval | undefined,
): readonly Objection[] {
  const folder = own(container, 'workingDir');
  if (folder === undefined || folder === '' || folder === approval?.facts?.workingDir) return [];
  if (reader === 'inert' && typeof folder === 'string' && isPlainPath(folder)) return [];
  return [{ where: step(where, 'workingDir'), why: 'starts in another folder than its image says (workingDir)' }];
}

/** What keeps a container from being sealed: it is told more than its image was approved with, or something may lie over its code. */
function sealedProblems({ container, where, pod, image, runs, mounts }: Read): readonly PostureProblem[] {
  const found: Objection[] = [...whyUnsealed(container, where)];
  if (runs.kind !== 'nothing') {
    const at = step(where, own(container, 'command') === undefined ? 'args' : 'command');
    found.push({ where: at, why: 'is told something else than its image was approved with' });
  }
  const folder = own(container, 'workingDir');
  if (folder !== undefined && folder !== '' && folder !== image.approval?.facts?.workingDir)
    found.push({ where: step(where, 'workingDir'), why: 'starts in another folder than its image says (workingDir)' });
  for (const mount of mounts) {
    const unsafe = whyUnsafe(mount, 'sealed', false);
    if (unsafe !== undefined) found.push({ where: mount.where, why: unsafe.why });
  }
  found.push(...readHooks(container, where), ...readReach(container, where), ...pod.reach);
  const problems = found.map((one) => ({ kind: 'program' as const, ...one, hint: HINTS.sealed }));
  return [...image.problems, ...problems];
}
