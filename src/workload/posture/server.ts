import { ownText } from '../own.ts';
import type { ContainerCommand } from './command.ts';
import type { ReadEnvironment } from './environment.ts';
import { quotedWord } from './hints.ts';
import type { Objection } from './isolation.ts';
import { isPlainPath, overlap, type PodMount } from './mounts.ts';
import { readTold } from './told.ts';

export interface ServerProblems {
  readonly problems: readonly Objection[];
  readonly named: readonly string[];
  /** It is told no model, and has none of its own: something that is not here has to give it one. */
  readonly silent: boolean;
}

/** What a program that loads models is told that no table knows, and the places of what it names. */
export function serverProblems(
  runs: ContainerCommand,
  environment: ReadEnvironment,
  container: unknown,
  mounts: readonly PodMount[],
  where: string,
): ServerProblems {
  if (runs.kind !== 'server') return { problems: [], named: [], silent: false };
  const { grammar, words } = runs;
  const told = readTold(words, grammar);
  const { needs, title } = grammar;
  const silent = !told.namesModel && !environment.namesModel;
  const folder = grammar.defaultFolder;
  const isMounted =
    folder !== undefined && mounts.some(({ path, source }) => HOLDS_MODELS.has(source) && within(folder, path));
  const problems: Objection[] = [...told.unknown];
  if (silent && grammar.hasDefault)
    problems.push({ where, why: `runs ${title}, which is told no model, and loads its default` });
  if (needs !== undefined && !told.options.has(needs.option))
    problems.push({ where, why: `runs ${title} without ${needs.option}: ${needs.why}` });
  for (const one of told.repositories) problems.push(...shadowProblems(one, mounts));
  for (const one of told.paths) problems.push(...pathProblems(one, container, mounts));
  for (const one of [...told.places, ...environment.places]) problems.push(...placeProblems(one, mounts));
  // Of a folder that starts empty, whoever fills it is what was found.
  const filled = new Set(
    told.paths
      .filter(({ path }) => mounts.some((mount) => mount.source === 'empty' && within(path, mount.path)))
      .map((one) => one.where),
  );
  return {
    problems,
    named: [...told.named, ...environment.named].filter((one) => !filled.has(one)),
    silent: silent && !grammar.hasDefault && !isMounted,
  };
}

/** An image, which its reference decides on, or what containers of the Pod fill. */
const HOLDS_MODELS: ReadonlySet<string> = new Set(['image', 'empty']);

function within(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder}/`);
}

/** A folder that is named like a repository is loaded in its place, where the program starts beside it. */
function shadowProblems({ path, where }: { path: string; where: string }, mounts: readonly PodMount[]): Objection[] {
  const [owner = ''] = path.split('/');
  const bad = mounts.find((mount) => `${mount.path}/`.includes(`/${owner}/`));
  return bad === undefined
    ? []
    : [{ where, why: `loads ${quotedWord(path)}, and may take the folder ${bad.path} for it` }];
}

/** A path that is loaded: of one volume, with nothing else under, in or over it, or of the image. */
function pathProblems(
  { path, where }: { path: string; where: string },
  container: unknown,
  mounts: readonly PodMount[],
): Objection[] {
  if (!path.startsWith('/')) {
    const own = mounts.some(({ source }) => source !== 'token');
    const set = ownText(container, 'workingDir') !== undefined;
    return own || set || /(?:^|\/)\.\.(?:\/|$)/.test(path)
      ? [{ where, why: `loads ${quotedWord(path)}, a path that begins in a folder that is not known` }]
      : [];
  }
  if (!isPlainPath(path))
    return [{ where, why: `loads ${quotedWord(path)}, which is not the plain spelling of a path` }];
  const [, more] = mounts.filter((mount) => overlap(mount.path, path));
  return more === undefined
    ? []
    : [{ where, why: `loads ${quotedWord(path)}, where another volume (${more.path}) lies` }];
}

/** A folder that is written, and loaded from: its own, or one that starts empty. */
function placeProblems({ path, where }: { path: string; where: string }, mounts: readonly PodMount[]): Objection[] {
  if (!isPlainPath(path))
    return [{ where, why: `uses the folder ${quotedWord(path)}, which is not a plain absolute path` }];
  const bad = mounts.find((mount) => mount.source !== 'empty' && overlap(mount.path, path));
  return bad === undefined
    ? []
    : [{ where, why: `uses the folder ${quotedWord(path)}, where a volume (${bad.path}) has content` }];
}
