import type { ReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ServiceError } from '../problems/index.ts';
import { HubRefusal } from './error.ts';
import type { CommitListing, ProxyFile } from './listing.ts';
import { parseRange } from './range.ts';
import type { TenantProxy } from './tenant-proxy.ts';

/** Clients give up on a connection on which nothing comes for ten seconds. */
export const ALIVE_MS = 3_000;
/** Of reverse proxies: nginx takes the first interim answer for the answer, and what follows for its body. */
const PROXIED = ['x-forwarded-for', 'x-real-ip', 'forwarded'] as const;
/** How long a download goes on after its version was revoked. */
const CONFIRM_MS = 5_000;

/** A file that may be handed out. */
export interface WantedFile {
  readonly proxy: TenantProxy;
  readonly listing: CommitListing;
  readonly file: ProxyFile;
  /** Waits until the client may read so many bytes. @returns what gives its place back */
  readonly enter: (bytes: number, signal: AbortSignal) => Promise<() => void>;
  /** @throws HubRefusal when it may not any more */
  readonly confirm: () => Promise<void>;
}

/**
 * Answers for a file. Not a byte leaves before the whole file lies here and has the digest that was assessed: a client with the
 * first half of other bytes would append the second half of the right file, since clients resume and compare only lengths.
 * While the file comes from the Hub, interim answers keep the client waiting.
 */
export async function handOut(wanted: WantedFile, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { listing, file } = wanted;
  const etag = `"${file.oid}"`;
  reply.headers({
    etag,
    'x-repo-commit': listing.commit,
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    // The file has the origin of the console and untrusted content, so browsers must not render it.
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeName(file.path)}`,
    'content-security-policy': "default-src 'none'; sandbox",
    ...(file.lfs ? { 'x-linked-etag': etag, 'x-linked-size': String(file.size) } : {}),
  });
  if (request.method === 'HEAD') return reply.header('content-length', String(file.size)).send();
  const range = wantedRange(request, file, etag);
  if (range === 'none') {
    reply.header('content-range', `bytes */${file.size}`);
    throw new ServiceError(416, 'no-such-range', `the file has ${file.size} bytes`);
  }
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  const handle = await inTurn(end + 1 - start, wanted, request, reply);
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end}/${file.size}`);
  reply.header('content-length', String(end + 1 - start));
  if (file.size === 0) {
    await handle.close();
    return reply.send(Buffer.alloc(0));
  }
  const stream = handle.createReadStream({ start, end, highWaterMark: 256 * 1024 });
  cutWhenRevoked(stream, wanted, request);
  return reply.send(stream);
}

/** The file, once the client may read so much more. The place is given back when the answer is over, however it ends. */
async function inTurn(
  bytes: number,
  wanted: WantedFile,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FileHandle> {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(new ServiceError(499, 'aborted', 'the client has gone')));
  const stop = keepAlive(request, reply);
  try {
    const leave = await wanted.enter(bytes, gone.signal);
    if (gone.signal.aborted) leave();
    else reply.raw.once('close', leave);
    return await whole(wanted);
  } finally {
    stop();
  }
}

/** A client that resumes after the cut requests the rest, and gets the reason for the refusal. */
function cutWhenRevoked(stream: ReadStream, { confirm }: WantedFile, request: FastifyRequest): void {
  const timer = setInterval(() => {
    confirm().catch((error: unknown) => {
      if (error instanceof HubRefusal) stream.destroy(error);
      else request.log.warn({ err: error }, 'the decision on a running download cannot be checked');
    });
  }, CONFIRM_MS);
  stream.once('close', () => clearInterval(timer));
}

/** A range of another file than the client has begun with is the whole file (`If-Range`). */
function wantedRange(request: FastifyRequest, { size }: ProxyFile, etag: string) {
  const begun = request.headers['if-range'];
  return begun !== undefined && begun !== etag ? undefined : parseRange(request.headers.range, size);
}

/** The file, whole and right, from the cache or by way of it. */
async function whole({ proxy, listing, file, confirm }: WantedFile): Promise<FileHandle> {
  const cached = await proxy.blobs.find(file);
  if (cached !== undefined) return cached;
  await proxy.fetch(listing, file);
  // That may have taken hours.
  await confirm();
  const filled = await proxy.blobs.find(file);
  if (filled !== undefined) return filled;
  throw new ServiceError(503, 'cache-too-small', 'the file was dropped from the cache before it was read; try again');
}

/**
 * Says now and then that the answer will come (RFC 9110, section 15.2), to those who understand it; of nobody the silence is held
 * against the connection. @returns what ends it
 */
function keepAlive(request: FastifyRequest, reply: FastifyReply): () => void {
  const { socket, httpVersionMinor } = request.raw;
  const patience = socket.timeout ?? 0;
  socket.setTimeout(0);
  const mute = httpVersionMinor === 0 || PROXIED.some((name) => request.headers[name] !== undefined);
  // Clients over Python's own http.client (huggingface_hub before 1.0) pass over 100 alone; the others know every 1xx.
  const old = /\bhf_hub\/0\./.test(request.headers['user-agent'] ?? '');
  const timer = setInterval(() => {
    if (mute || reply.raw.headersSent || reply.raw.destroyed) return;
    if (old) reply.raw.writeContinue();
    else reply.raw.writeProcessing();
  }, ALIVE_MS);
  return () => {
    clearInterval(timer);
    socket.setTimeout(patience);
  };
}

function encodeName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return encodeURIComponent(name).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
