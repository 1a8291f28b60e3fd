interface HashedFile {
  readonly path: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** CWE-407: ways in which a folder may have moved that are tried; an artifact can hold one file many times. */
const MAX_MOVES = 64;

/**
 * The files of an artifact that one run wrote. One file is known by its digest alone. Several have to lie beside each other as the run wrote
 * them: the same bytes at each other's place are another model.
 * @param model what the run wrote, by the paths of that time
 * @param files those that are asked about
 * @returns the paths of `files` that the run wrote
 */
export function writtenBy(model: readonly HashedFile[], files: readonly HashedFile[]): readonly string[] {
  const digests = new Set(model.map(({ sha256 }) => sha256));
  const known = files.filter(({ sha256 }) => digests.has(sha256));
  const [first] = known;
  if (first === undefined) return [];
  if (files.length === 1) return [first.path];
  const written = new Map(model.map(({ path, sha256 }) => [path, sha256]));
  let best: readonly string[] = [];
  for (const { from, to } of movesOf(model, known)) {
    const own = known.filter(
      ({ path, sha256 }) => path.startsWith(to) && written.get(`${from}${path.slice(to.length)}`) === sha256,
    );
    if (own.length > best.length) best = own.map(({ path }) => path);
  }
  return best;
}

interface Move {
  /** Folders, each empty or with its slash. */
  readonly from: string;
  readonly to: string;
}

function movesOf(model: readonly HashedFile[], known: readonly HashedFile[]): readonly Move[] {
  const places = new Map<string, string[]>();
  for (const { path, sha256 } of model) places.set(sha256, [...(places.get(sha256) ?? []), path]);
  const moves = new Map<string, Move>();
  for (const { path, sha256 } of known) {
    for (const before of places.get(sha256) ?? []) {
      const move = moveOf(before, path);
      moves.set(`${move.from}\0${move.to}`, move);
      if (moves.size >= MAX_MOVES) return [...moves.values()];
    }
  }
  return [...moves.values()];
}

/** The folders that differ, when a file moved with all that lies around it. */
function moveOf(before: string, after: string): Move {
  const [a, b] = [before.split('/'), after.split('/')];
  let same = 0;
  while (same < Math.min(a.length, b.length) && a.at(-1 - same) === b.at(-1 - same)) same++;
  const folder = (parts: readonly string[]) =>
    parts
      .slice(0, parts.length - same)
      .map((part) => `${part}/`)
      .join('');
  return { from: folder(a), to: folder(b) };
}
