import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import type { HttpHandler } from '@smithy/core/protocols';
import { AssayError, throwIfAborted } from '../../core/index.ts';
import { createEgress, type Egress } from '../../egress/index.ts';
import { exactly, parseContentRange } from '../http/index.ts';
import { envOf, type SourceOptions } from '../source.ts';
import { type S3Credentials, s3Credentials } from './credentials.ts';
import { changed, regionOf, s3Error } from './error.ts';
import { s3Handler } from './handler.ts';
import { quietly } from './quiet.ts';
import type { S3Settings } from './settings.ts';
import { tokenService } from './tokens.ts';

/** An object as it was when it was listed: its version id where the bucket keeps versions, and its ETag. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
}

/** Hosts of Amazon's partitions, below which its services answer. */
const AMAZON = /(?:^|\.)(?:amazonaws\.(?:com|com\.cn|eu)|api\.aws|c2s\.ic\.gov|sc2s\.sgov\.gov)$/;

/**
 * One bucket of S3, or of a server that speaks as S3 does. Every request goes through egress; its errors are AssayErrors.
 * When S3 says that the bucket is in another region, that region is asked from then on.
 */
export class S3Store {
  readonly bucket: string;
  readonly signed: boolean;
  readonly #settings: S3Settings;
  readonly #egress: Egress;
  readonly #handler: HttpHandler;
  readonly #credentials: S3Credentials | undefined;
  readonly #signal: AbortSignal | undefined;
  #client: S3Client;
  #region: string;

  /** @throws AssayError `usage` */
  constructor(bucket: string, settings: S3Settings, options: SourceOptions) {
    const { endpoint, stsEndpoint } = settings;
    this.bucket = bucket;
    this.#settings = settings;
    this.#signal = options.signal;
    this.#egress = createEgress({ ...options.egress, env: envOf(options), signal: options.signal });
    const configured = [endpoint, stsEndpoint].flatMap((one) => (one === undefined ? [] : [new URL(one).origin]));
    this.#handler = s3Handler(
      this.#egress,
      (url) =>
        configured.includes(url.origin) ||
        ((endpoint === undefined || stsEndpoint === undefined) &&
          url.protocol === 'https:' &&
          url.port === '' &&
          AMAZON.test(url.hostname)),
    );
    this.#credentials = s3Credentials(settings, tokenService(settings, this.#handler));
    this.signed = this.#credentials !== undefined;
    this.#region = settings.region;
    this.#client = this.#createClient();
  }

  head(key: string, versionId: string | undefined, signal?: AbortSignal): Promise<HeadObjectCommandOutput> {
    const command = { Bucket: this.bucket, Key: key, VersionId: versionId, ChecksumMode: 'ENABLED' as const };
    return this.#ask(key, signal, (options) => this.#client.send(new HeadObjectCommand(command), options));
  }

  /** Requests one byte, to get the reason for a refusal. */
  async probe(key: string, versionId: string | undefined): Promise<void> {
    const command = { Bucket: this.bucket, Key: key, VersionId: versionId, Range: 'bytes=0-0' };
    const { Body: body } = await this.#ask(key, undefined, (options) =>
      this.#client.send(new GetObjectCommand(command), options),
    );
    if (body instanceof Readable) body.destroy();
  }

  list(prefix: string, after: string | undefined, maxKeys: number): Promise<ListObjectsV2CommandOutput> {
    const command = { Bucket: this.bucket, Prefix: prefix, ContinuationToken: after, MaxKeys: maxKeys };
    return this.#ask(prefix, undefined, (options) => this.#client.send(new ListObjectsV2Command(command), options));
  }

  listVersions(
    prefix: string,
    after: { readonly key: string; readonly versionId: string | undefined } | undefined,
  ): Promise<ListObjectVersionsCommandOutput> {
    const command = { Bucket: this.bucket, Prefix: prefix, KeyMarker: after?.key, VersionIdMarker: after?.versionId };
    return this.#ask(prefix, undefined, (options) =>
      this.#client.send(new ListObjectVersionsCommand(command), options),
    );
  }

  /**
   * The bytes from `start` up to `end` of exactly this version.
   * @throws AssayError `changed` when the object is another or gone, `network`, `mismatch`, `unauthorized`
   */
  async range(object: StoredObject, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const { key, etag, versionId, size } = object;
    const command = {
      Bucket: this.bucket,
      Key: key,
      Range: `bytes=${start}-${end - 1}`,
      VersionId: versionId,
      IfMatch: etag,
    };
    const subject = this.subjectOf(key);
    return this.#ask(key, signal, async (options) => {
      const { Body: body, ...answer } = await this.#client.send(new GetObjectCommand(command), options);
      if (!(body instanceof Readable)) throw new AssayError('network', 'the server answers without bytes', { subject });
      const range = parseContentRange(
        answer.ContentRange ?? `bytes 0-${Number(answer.ContentLength) - 1}/${answer.ContentLength}`,
      );
      const other = etag !== undefined && answer.ETag !== etag;
      if (other || range?.total !== size || range.start !== start || range.end !== end) {
        body.destroy();
        if (other || range?.total !== size) throw changed(subject);
        throw new AssayError('network', 'the server answers with another range than the request names', {
          subject,
          hint: 'try again',
        });
      }
      return exactly(body, end - start, subject);
    });
  }

  subjectOf(key: string): string {
    return `s3://${this.bucket}/${key}`;
  }

  async close(): Promise<void> {
    this.#client.destroy();
    await this.#egress.close();
  }

  async #ask<T>(
    key: string,
    signal: AbortSignal | undefined,
    send: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const abortSignal = signal ?? this.#signal;
    const options = abortSignal === undefined ? {} : { abortSignal };
    try {
      try {
        return await send(options);
      } catch (error) {
        const region = regionOf(error);
        if (region === undefined || region === this.#region) throw error;
        this.#region = region;
        this.#client = this.#createClient();
        return await send(options);
      }
    } catch (error) {
      throwIfAborted(abortSignal);
      const { endpoint } = this.#settings;
      throw s3Error(error, { subject: this.subjectOf(key), bucket: this.bucket, endpoint, signed: this.signed });
    }
  }

  /** Every setting that the client would else read from the process's environment is given. */
  #createClient(): S3Client {
    const { endpoint, useFips, useDualstack } = this.#settings;
    return quietly(
      () =>
        new S3Client({
          region: this.#region,
          ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
          ...(this.#credentials === undefined ? UNSIGNED : { credentials: this.#credentials }),
          requestHandler: this.#handler,
          ignoreConfiguredEndpointUrls: true,
          defaultsMode: 'standard',
          // Egress tries again by rules of its own.
          maxAttempts: 1,
          retryMode: 'standard',
          requestChecksumCalculation: 'WHEN_REQUIRED',
          responseChecksumValidation: 'WHEN_REQUIRED',
          useFipsEndpoint: useFips,
          useDualstackEndpoint: useDualstack,
          useArnRegion: false,
          disableS3ExpressSessionAuth: false,
          authSchemePreference: [],
          sigv4aSigningRegionSet: [],
          userAgentAppId: '',
          defaultUserAgentProvider: async () => [['assay']],
        }),
    );
  }
}

/** For anonymous requests: the signer does not change requests. */
const UNSIGNED = {
  credentials: { accessKeyId: '', secretAccessKey: '' },
  signer: { sign: async <T>(request: T): Promise<T> => request },
};
