import { expect } from 'vitest';
import type { Artifact, ArtifactFile } from '../../src/core/artifact.ts';
import { isAssayError } from '../../src/core/errors.ts';
import { openArtifact } from '../../src/sources/open-artifact.ts';
import type { SourceOptions } from '../../src/sources/source.ts';
import type { Content } from './fake-content.ts';
import { FakeHub, type FakeRepo, fakeFile } from './fake-hub.ts';

export const TOKEN = 'hf_s3cret';
export const MiB = 1024 * 1024;

/** A Hub with the repository `owner/model`, and functions to open and read it. One for each test. */
export class HubHarness {
  readonly hub: FakeHub;
  readonly repo: FakeRepo;
  readonly #artifacts: Artifact[] = [];

  private constructor(hub: FakeHub) {
    this.hub = hub;
    this.repo = hub.repo('owner/model');
  }

  static async start(): Promise<HubHarness> {
    return new HubHarness(await FakeHub.start({ token: TOKEN, pageSize: 3 }));
  }

  options(env: NodeJS.ProcessEnv = {}): SourceOptions {
    return {
      env: { HF_ENDPOINT: this.hub.endpoint, HF_HOME: '/nonexistent', ...env },
      egress: { retry: { retries: 2, firstDelayMs: 1 } },
    };
  }

  async open(ref = 'hf://owner/model', env: NodeJS.ProcessEnv = {}): Promise<Artifact> {
    const artifact = await openArtifact(ref, this.options(env));
    this.#artifacts.push(artifact);
    return artifact;
  }

  async close(): Promise<void> {
    for (const artifact of this.#artifacts.splice(0)) await artifact.close();
    await this.hub.close();
  }
}

export function fileOf(artifact: Artifact, path: string): ArtifactFile {
  const file = artifact.files.find((one) => one.path === path);
  if (file === undefined) throw new Error(`no ${path} among ${artifact.files.map((one) => one.path).join()}`);
  return file;
}

export async function textOf(artifact: Artifact, path: string): Promise<string> {
  const source = await fileOf(artifact, path).open();
  const text = Buffer.from(await source.read(0, source.size)).toString();
  await source.close();
  return text;
}

/** The error of a promise. No message of the product contains a secret. */
export async function errorOf(promise: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isAssayError(error)) throw error ?? new Error('no error');
  expect(`${error.message} ${error.hint} ${error.subject}`).not.toContain('s3cret');
  return { code: error.code, message: error.message, hint: error.hint ?? '' };
}

/** 20 MiB in which every 8 bytes contain their offset. */
export const counted: Content = {
  size: 20 * MiB,
  slice(start, end) {
    const first = Math.floor(start / 8);
    const buffer = Buffer.alloc(Math.ceil((end - first * 8) / 8) * 8);
    for (let i = 0; i < buffer.length / 8; i++) buffer.writeDoubleLE(first + i, i * 8);
    return buffer.subarray(start - first * 8, end - first * 8);
  },
};

/** Weights that a scan reads by ranges; their announced digest is synthetic. */
export const big = () => fakeFile('model.bin', counted, { lfs: true, oid: 'ab'.repeat(32) });
