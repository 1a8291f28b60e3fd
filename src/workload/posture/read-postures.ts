import { own, ownList, ownText, step } from '../own.ts';
import type { RunPlace, WorkloadReferences } from '../result.ts';
import { type PodContext, type ReadRun, readCommandRun, readRun } from './container.ts';
import type { ExceptionMatch } from './exceptions/index.ts';
import { readAliases, readPodReach } from './isolation.ts';
import type { PostureKnowledge } from './knowledge.ts';
import { readSources } from './mounts.ts';
import { CONTAINER_LISTS, pointedAt } from './places.ts';
import type { ContainerPosture, PostureProblem } from './result.ts';

/** Containers of one object; the API server's own limits on size allow a few thousand. */
const MAX_CONTAINERS = 2_000;

/**
 * The posture of every container of an object: of its PodSpecs, and of what is like a container and names its image. What the platform
 * adds is in the Pod, which is reviewed for itself. Nothing is fetched, and nothing in the object makes it throw.
 * @param found in the same object by `extractReferences`
 */
export function readPostures(
  object: unknown,
  found: WorkloadReferences,
  knowledge: PostureKnowledge,
): readonly ContainerPosture[] {
  const known = new Set([...found.references, ...found.unresolved].map(({ where }) => where));
  const postures: ContainerPosture[] = [];
  let left = MAX_CONTAINERS;
  for (const place of found.runs) {
    const runs = runsOf(pointedAt(object, place.where), place, knowledge, left);
    if (runs === undefined) {
      const why = `is one of more than ${MAX_CONTAINERS} containers, and was not read`;
      const problem = { kind: 'told' as const, where: place.where, why, hint: 'Split the object' };
      const about = { container: null, where: place.where, program: null, loads: true };
      postures.push({ ...about, posture: 'unresolved', problems: [problem] });
      break;
    }
    left -= runs.length;
    postures.push(...posturesOf(runs, known));
  }
  return postures;
}

function runsOf(
  value: unknown,
  { where, what }: RunPlace,
  knowledge: PostureKnowledge,
  left: number,
): readonly ReadRun[] | undefined {
  if (what !== 'pod-spec' && left < 1) return undefined;
  const alone: PodContext = {
    hasOwnImage: true,
    serviceAccount: '',
    volumes: new Map(),
    reach: [],
    aliases: [],
    shared: new Set<string>(),
  };
  if (what === 'command') return [readCommandRun(typeof value === 'string' ? value : '', where)];
  if (what === 'container') {
    // What is told nothing but arguments is run by the platform's own image.
    const runs = ownText(value, 'image') !== undefined || ownList(value, 'command').length > 0;
    return runs ? [readRun(onlyContainer(value), where, alone, knowledge)] : [];
  }
  const places = CONTAINER_LISTS.flatMap((list) =>
    ownList(value, list).map((container, index) => ({ container, at: step(step(where, list), index) })),
  );
  if (places.length > left) return undefined;
  const times = new Map<string, number>();
  for (const { container } of places) {
    const names = new Set(ownList(container, 'volumeMounts').map((mount) => ownText(mount, 'name') ?? ''));
    for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  }
  const pod: PodContext = {
    serviceAccount: ownText(value, 'serviceAccountName') ?? ownText(value, 'serviceAccount') ?? 'default',
    volumes: readSources(value, where),
    reach: readPodReach(value, where),
    aliases: readAliases(value, where),
    shared: new Set([...times].filter(([, count]) => count > 1).map(([name]) => name)),
  };
  return places.map(({ container, at }) => readRun(container, at, pod, knowledge));
}

/** An object of another kind has properties of its own beside those of a container. */
function onlyContainer(value: unknown): unknown {
  const names = ['name', 'image', 'command', 'args', 'env', 'envFrom', 'volumeMounts', 'workingDir', 'securityContext'];
  return Object.fromEntries(
    names.flatMap((name) => (own(value, name) === undefined ? [] : [[name, own(value, name)]])),
  );
}

/** Judges the containers of one Pod together: who writes to a volume matters to whoever reads it. */
function posturesOf(runs: readonly ReadRun[], known: ReadonlySet<string>): readonly ContainerPosture[] {
  const states = runs.map((run) => {
    const missed = run.named.filter((where) => !known.has(where));
    const problems: PostureProblem[] = [
      ...run.problems,
      ...missed.map((where) => ({ kind: 'told' as const, where, why: MISSED, hint: 'Write it as a plain argument' })),
    ];
    return { run, problems, unsealed: run.unsealed === undefined ? undefined : [...run.unsealed], isFilled: false };
  });
  const isOpen = ({ run, problems, unsealed }: (typeof states)[number]) =>
    (!run.writesKnown || problems.some(({ kind }) => kind !== 'image')) && unsealed?.length !== 0;
  // Whoever is not understood may write anything, and makes so of who reads it.
  for (let changed = true; changed; ) {
    changed = false;
    const writers = new Map<string, Set<ReadRun>>();
    for (const state of states) {
      if (!isOpen(state)) continue;
      for (const { name, source, readOnly } of state.run.mounts) {
        if (source !== 'empty' || readOnly) continue;
        writers.set(name, (writers.get(name) ?? new Set()).add(state.run));
      }
    }
    for (const state of states) {
      for (const { name, source, where } of state.run.mounts) {
        const others = source === 'empty' ? [...(writers.get(name) ?? [])].filter((run) => run !== state.run) : [];
        const [other] = others;
        if (other === undefined || !state.run.loads || state.problems.some((one) => one.where === where)) continue;
        // What an exception names is known as far as the organisation wants to know it.
        state.isFilled ||= others.some(({ excepted }) => excepted === undefined);
        const why = `reads the volume ${JSON.stringify(name.slice(0, 80))}, to which ${nameOf(other)} may write what is not known`;
        state.problems.push({
          kind: 'place',
          where,
          why,
          hint: 'Mount it read-only there, or give each its own volume',
        });
        changed = true;
      }
    }
  }
  return states.map(({ run, problems, unsealed, isFilled }): ContainerPosture => {
    const { name: container, where, program, loads } = run;
    const about = { container, where, program, loads };
    if (problems.length === 0) return { ...about, posture: 'understood', problems };
    if (unsealed?.length === 0) return { ...about, posture: 'sealed', problems: [] };
    if (run.excepted !== undefined && !isFilled)
      return { ...about, posture: 'excepted', problems: [], ...exceptedBy(run.excepted) };
    return { ...about, posture: 'unresolved', problems: unsealed ?? problems };
  });
}

function exceptedBy({ exception, filled }: ExceptionMatch): Pick<ContainerPosture, 'exception' | 'filled'> {
  const { id, owner, reason, expires } = exception;
  return { exception: { id, owner, reason, expires }, filled };
}

const MISSED = 'names something to load in a way that cannot be looked up';

function nameOf({ name, where }: ReadRun): string {
  return name === null ? `the container at ${where}` : `the container ${name}`;
}
