import { posix } from 'node:path';

interface HashedFile {
  readonly path: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

/**
 * Where a tested model lies among files: those with its digest that have the files of its tensors where they were when it was tested.
 * Anywhere else, a loader would read other tensors.
 * @param model that was tested, and the files of its tensors, by their paths in the artifact of that time
 * @returns the paths of each copy, the model first
 */
export function copiesOf(
  { path, sha256, data }: HashedFile & { readonly data: readonly HashedFile[] },
  files: readonly HashedFile[],
): readonly (readonly string[])[] {
  const digests = new Map(files.map((file) => [file.path, file.sha256]));
  const from = posix.dirname(path);
  return files.flatMap((file) => {
    if (file.sha256 !== sha256) return [];
    const own = data.map((one) => posix.join(posix.dirname(file.path), posix.relative(from, one.path)));
    const whole = own.every((at, i) => digests.get(at) === data[i]?.sha256);
    return whole ? [[file.path, ...own]] : [];
  });
}
