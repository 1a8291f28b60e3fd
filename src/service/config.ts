import type { TenantShares } from '../registry/index.ts';

/** The configuration of `assay serve` and `assay worker`; see `assay serve --help` for the names. */
export interface ServiceConfig {
  readonly host: string;
  readonly port: number;
  /** Where users reach it, for links: `https://assay.example.com`. */
  readonly publicUrl: string;
  /** `sqlite:<path>` or `postgres://...`. */
  readonly database: string;
  /** `embedded` or `redis://...`. */
  readonly queue: string;
  /** For uploads, the cache of the Hub proxy, published snapshots. */
  readonly dataFolder: string;
  readonly oidc: OidcConfig | null;
  /**
   * The identity provider whose people tokens may belong to: they then count as these people. `null`: all tokens that one person
   * made, or that these made, are that person's.
   */
  readonly tokenIssuer: string | null;
  /** Users may give addresses in private networks. */
  readonly allowPrivateAddresses: boolean;
  /** Hosts and networks inside that may be reached all the same, for one purpose each. */
  readonly allowed: AllowedPlaces;
  readonly hubEndpoint: string;
  readonly limits: ServiceLimits;
  /** How workers are shared among tenants. */
  readonly shares: TenantShares;
  /**
   * Path of the private key that signs for approvers who use the console, and re-evaluations; made when it is missing from the
   * data folder. `null`: approvals need a key of their own.
   */
  readonly approvalKey: string | null;
  readonly approvalPassphrase: string | null;
  /**
   * Path of the private key that signs what conversions did; made when it is missing from the data folder. `null`: they are not
   * signed. Its passphrase is the same.
   */
  readonly conversionKey: string | null;
  /** Path of the folder of suites, `<name>.yaml` with their data beside them, by which models are tested; `null`: none are. */
  readonly suites: string | null;
  /** Path of the file of prices, for usage; `null`: nothing has a price. */
  readonly prices: string | null;
  /**
   * Path of the folder of data sets, `<tenant>/<name>`: a file or a folder each, which users of the tenant may have checked; `null`: none
   * are.
   */
  readonly datasets: string | null;
  /** Path of the trust file: who can sign approvals; `null`: approvers cannot sign with their own keys. */
  readonly trust: string | null;
  /** Path of the document that names policies and approvals for each stage; the shipped rules when absent. */
  readonly rules: string | null;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is trusted; none when empty. */
  readonly trustedProxies: readonly string[];
  /** Encrypts the sessions of the console; `null`: a new one each start, which ends them. */
  readonly sessionSecret: string | null;
  /**
   * The address that serves metrics without a token, apart from the API; `null`: only at the API, to the tenant of the
   * operator.
   */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  /** Scans at a time of the embedded queue; 0: none here, other processes work. */
  readonly workers: number;
  readonly handOut: HandOutConfig;
  readonly logLevel: LogLevel;
}

/** What the service connects to for its users. */
export const PURPOSES = ['hub', 'mlflow', 's3', 'oci', 'webhooks'] as const;
export type Purpose = (typeof PURPOSES)[number];
export type AllowedPlaces = Readonly<Record<Purpose, readonly string[]>>;

/** How models are delivered: by the Hub proxy, and by tags and aliases in MLflow. Tokens are in `credentials.json`. */
export interface HandOutConfig {
  /** A model is delivered when it may run at this stage. */
  readonly stage: HandOutStage;
  /** An unknown commit is scanned on request. */
  readonly scanOnMiss: boolean;
  /** Bytes that each tenant's cache takes on disk; what was not used longest makes room. */
  readonly cacheBytes: number;
  /** Approved commits are fetched ahead and kept, so that they are served while the Hub is away. */
  readonly prefetch: boolean;
  /** Of each client: files that it reads at a time; further ones wait. */
  readonly clientRequests: number;
  /** Of each client: bytes that it reads in a minute; further ones wait. */
  readonly clientBytesPerMinute: number;
  /** The stage whose decision MLflow is told. */
  readonly mlflowStage: HandOutStage;
  /** The alias that leads to the newest version of MLflow that may run there. */
  readonly mlflowAlias: string;
}

export const HAND_OUT_STAGES = ['candidate', 'staging', 'production'] as const;
export type HandOutStage = (typeof HAND_OUT_STAGES)[number];

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The tenant of the people who run the service: of the first token, and of everybody when OIDC says no other. */
export const OPERATOR_TENANT = 'default';

export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  /** For signing in to the console. */
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  /** Claims that hold the tenant and the roles. */
  readonly tenantClaim: string;
  readonly rolesClaim: string;
}

export interface ServiceLimits {
  /** Of one JSON body, bytes. */
  readonly maxBodyBytes: number;
  /** Of one upload, bytes. */
  readonly maxUploadBytes: number;
  readonly maxUploadFiles: number;
  /** Of each tenant: jobs that wait for a worker. */
  readonly maxQueuedJobs: number;
  /** Of one scan, what it fetches included. */
  readonly maxScanMs: number;
  /** How old a scan may be whose result is taken again for the same bytes; 0: none is. */
  readonly maxReuseMs: number;
  /** Requests a minute for each principal. */
  readonly requestsPerMinute: number;
  readonly requestTimeoutMs: number;
  /** The event loop delay from which new requests are refused; 0 for never. */
  readonly maxLoopDelayMs: number;
}
