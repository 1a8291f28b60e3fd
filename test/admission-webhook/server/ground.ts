import { mkdirSync } from 'node:fs';
import { type Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll } from 'vitest';
import {
  type AdmissionConfig,
  type AdmissionWebhookParts,
  assembleWebhook,
  type ConnectionRules,
  type HeldSnapshot,
  NO_CONFIG,
  openCertificateFiles,
  openClientFiles,
  type ReviewResponse,
  type ServeOptions,
  type Serving,
  serve,
} from '../../../admission-webhook/src/index.ts';
import { tempFolder } from '../../support/temp.ts';
import { approved, heldSnapshot } from '../decide/support.ts';
import { Authority, place } from './certificates.ts';

export const GOOD = `hf://acme/llama@${'a'.repeat(40)}`;

export interface GroundOptions
  extends Partial<Pick<ServeOptions, 'log' | 'metricsListen' | 'drainSeconds' | 'drain' | 'clientNames'>> {
  readonly rules?: Partial<ConnectionRules>;
  readonly clientCa?: string;
  readonly tokenFile?: string;
  readonly snapshot?: HeldSnapshot;
  readonly config?: Partial<AdmissionConfig>;
  readonly parts?: Partial<AdmissionWebhookParts>;
  readonly pollMs?: number;
}

const HOUR_MS = 3_600_000;
/** A busy machine must not look like a slow client: a test lowers only the limit that it tests. */
const PATIENT = {
  handshakeMs: HOUR_MS,
  headersMs: HOUR_MS,
  requestMs: HOUR_MS,
  bodyMs: HOUR_MS,
  waitMs: HOUR_MS,
} as const;

/** A webhook over TLS in this process, with its own certificate. */
export async function startWebhook(options: GroundOptions = {}) {
  const folder = tempFolder();
  const authority = new Authority(folder, 'ca');
  const files = place(folder, authority.server());
  const lines: string[] = [];
  const told: string[] = [];
  const snapshots = { held: options.snapshot ?? (await heldSnapshot([approved(GOOD)])) };
  const feedHealth = { from: 'snapshot.json', lastTried: null, lastGood: null, problem: null, floor: 0 };
  const config = { ...NO_CONFIG, ...options.config };
  const webhook = assembleWebhook({
    feed: { held: () => snapshots.held, health: () => feedHealth },
    config: { config: () => config, health: () => null, onChange: () => {} },
    namespaces: null,
    breakGlass: null,
    ownNamespace: null,
    serviceUrl: null,
    ...options.parts,
  });
  const watching = { pollMs: options.pollMs ?? 10_000 };
  const certificate = await openCertificateFiles(files, watching);
  const clients = await openClientFiles(
    { ca: options.clientCa ?? null, names: [], tokenFile: options.tokenFile ?? null },
    watching,
  );
  const serving: Serving = await serve(
    { webhook, certificate, clients },
    {
      listen: { host: '127.0.0.1', port: 0 },
      metricsListen: options.metricsListen ?? { host: '127.0.0.1', port: 0 },
      drainSeconds: options.drainSeconds ?? 0,
      log: options.log ?? 'decisions',
      clientNames: options.clientNames ?? [],
      tell: (line) => told.push(line),
      sink: {
        write: (text, gone) => {
          lines.push(text);
          gone();
        },
      },
      rules: { ...PATIENT, ...options.rules },
      ...(options.drain === undefined ? {} : { drain: options.drain }),
    },
  );
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= serving.close().then(async () => {
      clients.close();
      await certificate.close();
    });
    return closed;
  };
  afterAll(close);
  const port = Number(new URL(serving.url).port);
  return { serving, folder, authority, files, lines, told, snapshots, certificate, port, close, url: serving.url };
}

export interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  /** The local port of the connection. */
  readonly from: number;
  /** The common name of the server's certificate. */
  readonly server: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: NodeJS.Dict<string | string[] | number>;
  readonly body?: Uint8Array | string | undefined;
  /** The parts of a chunked body, sent one after the other. */
  readonly chunks?: readonly (Uint8Array | string)[];
  readonly agent?: Agent;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Sends a request over TLS, on a new connection or on one of the agent's. */
export function ask(url: string, options: AskOptions = {}): Promise<Reply> {
  const { method = 'POST', body, chunks, agent, ca, cert, key } = options;
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        method,
        headers: { 'content-type': 'application/json', ...options.headers },
        agent: agent ?? false,
        ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
        ...(cert === undefined ? {} : { cert, key }),
      },
      (response) => {
        const { localPort = 0 } = response.socket;
        const server = peerName(response.socket as TLSSocket);
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, from: localPort, server }),
        );
      },
    );
    asked.on('error', reject);
    for (const chunk of chunks ?? []) asked.write(chunk);
    asked.end(body);
  });
}

function peerName(socket: TLSSocket): string {
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : '';
}

/** The `response` of a received review; fails if the answer is not a review. */
export function reviewed({ status, text }: Reply): ReviewResponse['response'] {
  if (status !== 200) throw new Error(`the answer has the status ${status}: ${text}`);
  const review = JSON.parse(text);
  if (review.kind !== 'AdmissionReview' || review.apiVersion !== 'admission.k8s.io/v1') throw new Error(text);
  return review.response;
}

export function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export function subFolder(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}
