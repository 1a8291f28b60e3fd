import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { until } from '../../support/until.ts';
import type { Client } from './harness.ts';

/** A file of an upload. */
export interface TestFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export function fixture(path: string, as = path.split('/').at(-1) ?? path): TestFile {
  return { path: as, bytes: readFileSync(new URL(`../../../fixtures/${path}`, import.meta.url)) };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The code of a problem. */
export async function codeOf(response: Response): Promise<string> {
  const problem = (await response.json()) as { readonly code: string };
  return problem.code;
}

/** Sends one piece of a file. */
export function sendPiece(
  client: Client,
  upload: string,
  index: number,
  offset: number,
  bytes: Uint8Array,
): Promise<Response> {
  return client.raw(`/v1/uploads/${upload}/files/${index}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
    body: Buffer.from(bytes),
  });
}

/** @returns the id of a complete upload */
export async function uploadAll(client: Client, files: readonly TestFile[]): Promise<string> {
  const announced = files.map(({ path, bytes }) => ({ path, size: bytes.length, sha256: sha256(bytes) }));
  const { status, body } = await client.call('POST', '/v1/uploads', { files: announced });
  if (status !== 201) throw new Error(`no upload: ${JSON.stringify(body)}`);
  for (const [index, { bytes }] of files.entries()) {
    if (bytes.length === 0) continue;
    const sent = await sendPiece(client, body.id, index, 0, bytes);
    if (sent.status !== 204) throw new Error(`not taken: ${await sent.text()}`);
  }
  const complete = await client.call('POST', `/v1/uploads/${body.id}/complete`);
  if (complete.status !== 200) throw new Error(`not complete: ${JSON.stringify(complete.body)}`);
  return body.id;
}

/** Waits for the end of a job. */
export async function ended(client: Client, job: string) {
  let { body } = await client.call('GET', `/v1/jobs/${job}`);
  await until(`job ${job} ends`, async () => {
    ({ body } = await client.call('GET', `/v1/jobs/${job}`));
    return !['queued', 'running'].includes(body.state);
  });
  return body;
}

/** Uploads, scans and registers. @returns the version */
export async function register(client: Client, model: string, files: readonly TestFile[]) {
  const upload = await uploadAll(client, files);
  const { status, body } = await client.call('POST', `/v1/models/${encodeURIComponent(model)}/versions`, { upload });
  if (status !== 202) throw new Error(`no job: ${JSON.stringify(body)}`);
  const job = await ended(client, body.id);
  if (job.state !== 'done') throw new Error(`the job ended as ${JSON.stringify(job)}`);
  return (await client.call('GET', `/v1/versions/${job.version}`)).body;
}
