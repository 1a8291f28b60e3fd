import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AssayError, codeOrText, isFileMissing } from '../../core/index.ts';

const staging = new Set<string>();
let tidies = false;

/** The folder that receives a conversion: files appear in it when all of them are written, or not at all. */
export class OutputFolder {
  readonly path: string;
  /** Where files are written first: in the same folder, so that they can be moved. */
  readonly stage: string;
  readonly #made: string | undefined;

  private constructor(path: string, stage: string, made: string | undefined) {
    this.path = path;
    this.stage = stage;
    this.#made = made;
  }

  /** @throws AssayError `usage` when the path is a file; `unreadable` when it cannot be written to */
  static async create(folder: string): Promise<OutputFolder> {
    const path = resolve(folder);
    await refuseFile(path);
    if (!tidies) process.once('exit', removeStages);
    tidies = true;
    const stage = join(path, `.assay-${randomUUID()}`);
    try {
      const made = await mkdir(stage, { recursive: true });
      staging.add(stage);
      return new OutputFolder(path, stage, made);
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /**
   * Moves the written files to their places.
   * @throws AssayError `usage` when one exists already: nothing is moved then
   */
  async publish(files: readonly string[]): Promise<void> {
    const places = files.map(
      (file) => [join(this.stage, ...file.split('/')), join(this.path, ...file.split('/'))] as const,
    );
    for (const [, target] of places)
      if (existsSync(target))
        throw new AssayError('usage', 'exists already', { subject: target, hint: 'give another folder, or remove it' });
    const moved: string[] = [];
    try {
      for (const [from, target] of places) {
        await mkdir(dirname(target), { recursive: true });
        await rename(from, target);
        moved.push(target);
      }
    } catch (error) {
      for (const target of moved) await rm(target, { force: true });
      throw unwritable(this.path, error);
    }
    await rm(this.stage, { recursive: true, force: true });
    staging.delete(this.stage);
  }

  /** Removes what was not published, and the folder when it was made for it. */
  async discard(): Promise<void> {
    if (!staging.delete(this.stage)) return;
    await rm(this.#made ?? this.stage, { recursive: true, force: true });
  }
}

async function refuseFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) return;
  } catch (error) {
    if (isFileMissing(error)) return;
    throw unwritable(path, error);
  }
  throw new AssayError('usage', 'is not a folder', {
    subject: path,
    hint: 'give a folder for the converted files: -o DIR',
  });
}

function unwritable(path: string, error: unknown): AssayError {
  return new AssayError('unreadable', `cannot be written to (${codeOrText(error)})`, {
    subject: path,
    hint: 'give a folder with enough space that you may write to',
    cause: error,
  });
}

function removeStages(): void {
  for (const stage of staging) rmSync(stage, { recursive: true, force: true });
}
