import type { Command } from 'commander';
import type { ServiceFlags } from '../../../service/index.ts';
import type { Shell } from '../../terminal/index.ts';

const GUIDE = `
On a laptop, "assay serve" is enough: its registry, uploads and jobs are in ./assay-data, it scans by itself, and the
first start prints the token to sign in with.

For a team, set the variables below; every flag has one, too (the flag wins). Secrets are never flags; each may be in a file
named by the variable with the suffix _FILE (ASSAY_DATABASE_FILE=/run/secrets/database).

  ASSAY_DATABASE              sqlite:PATH, or postgres://user:password@host/name
  ASSAY_QUEUE                 embedded, or redis://:password@host:6379 with "assay worker" elsewhere
  ASSAY_PUBLIC_URL            https://assay.example.com: where users reach it, through a proxy that ends TLS
  ASSAY_TRUSTED_PROXIES       addresses or networks of that proxy, whose X-Forwarded-For is trusted
  ASSAY_OIDC_ISSUER           your identity provider; it needs:
  ASSAY_OIDC_AUDIENCE           the audience of tokens for this service
  ASSAY_OIDC_CLIENT_ID          of the console, for signing in (code flow with PKCE; redirect to PUBLIC_URL/signin/callback)
  ASSAY_OIDC_CLIENT_SECRET      its secret
  ASSAY_OIDC_ROLES_CLAIM        the claim that holds roles: "roles", or a path such as realm_access.roles
  ASSAY_OIDC_TENANT_CLAIM       the claim that holds the tenant; without it, every user has the tenant "default"
  ASSAY_ALLOW_HUB             hosts and networks inside that may be reached for the Hub
  ASSAY_ALLOW_MLFLOW, ASSAY_ALLOW_S3, ASSAY_ALLOW_OCI, ASSAY_ALLOW_WEBHOOKS
                              the same for each of these
  ASSAY_TOKEN_OWNERS          an identity provider (its issuer) whose people tokens may belong to; without it, all tokens that
                              one administrator made are one person's
  ASSAY_SESSION_SECRET        32 characters or more, the same for every instance: sessions outlive a restart
  ASSAY_APPROVAL_KEY          private key (PEM) that signs approvals and waivers of the console; ASSAY_KEY_PASSPHRASE
                              opens it
  ASSAY_CONVERSION_KEY        private key (PEM) that signs what conversions did; the same passphrase
  ASSAY_SUITES                folder of suites (NAME.yaml, their data beside them), by which models are tested
  ASSAY_PRICES                file of prices, YAML or JSON, for what jobs cost
  ASSAY_DATASETS              folder of data sets (TENANT/NAME, a file or a folder each), which its users may have checked
  ASSAY_TRUST                 trust file: lists who can sign approvals and waivers with their own keys
  ASSAY_HUB_ENDPOINT          the Hub behind hf://, if it is not https://huggingface.co
  ASSAY_GATE_STAGE            the Hub proxy (HF_ENDPOINT=<PUBLIC_URL>/hub) serves models that may run at this stage (production)
  ASSAY_GATE_SCAN_ON_MISS     true: the Hub proxy starts a scan when a client requests a commit without one
  ASSAY_GATE_CACHE_BYTES      disk space for the Hub proxy's cache of each tenant (1 TiB)
  ASSAY_GATE_PREFETCH         true: fetch approved commits ahead and keep them, for an outage of the Hub
  ASSAY_GATE_CLIENT_REQUESTS  files that each client of the Hub proxy reads at a time (64), and bytes in a minute
  ASSAY_GATE_CLIENT_BYTES_PER_MINUTE  (64 GiB); further ones wait, and are not refused
  ASSAY_MLFLOW_STAGE          the stage whose decision is written to MLflow (candidate), and the alias of the newest
  ASSAY_MLFLOW_ALIAS            version that may run there (assay-allowed)
  ASSAY_REQUESTS_PER_MINUTE   of each principal (1200); ASSAY_MAX_BODY_BYTES, ASSAY_MAX_UPLOAD_BYTES,
                              ASSAY_MAX_UPLOAD_FILES, ASSAY_REQUEST_TIMEOUT_SECONDS bound requests, too
  ASSAY_MAX_LOOP_DELAY_MS     rejects new requests while the event loop is later than this (2000; 0 for never)
  ASSAY_MAX_QUEUED_JOBS       waiting jobs of each tenant (10000); further requests are answered 429, queue-full
  ASSAY_TENANT_WEIGHTS        jobs of which tenants start more often while several wait: "acme=4 zeta=2"; 1 for all others
  ASSAY_TENANT_MAX_RUNNING    jobs of a tenant that run at a time, on all workers: "8 acme=16", where the number without a
                              name is that of all other tenants; no ceiling without it
  ASSAY_MAX_SCAN_SECONDS      a longer scan fails (21600)
  ASSAY_REUSE_DAYS            how old a scan may be whose result is taken again for the same bytes (7; 0 for never)
  ASSAY_LOG_LEVEL             silent, error, warn, info or debug; the log is JSON on stdout, without secrets

Roles: viewer, submitter, reviewer, security-approver, admin, gate (reads decisions and snapshots only).

Rules of the registry (--rules), with their defaults:
  version: 1
  stages:
    candidate: {policy: baseline}
    staging:
      policy: strict
      approvals: [{role: reviewer, count: 1}]
    production:
      policy: production                # or a file, relative to this one
      approvals: [{role: reviewer, count: 1}, {role: security-approver, count: 1}]
      # methods: [key, keyless, certificate]  # of signing that are accepted; any, when absent
  suites:                                   # of tests that a model has to pass; the digest of the file of each
    - {model: acme/digits, name: digits, digest: "sha256:..."}

Prices (ASSAY_PRICES); what is left out costs nothing:
  version: 1
  currency: EUR
  cpuHour: 0.04                             # of CPU time; wallHour, gpuHour: of time in a process, of time with a GPU
  fetchedGib: 0.01                          # received over the network; storedGib: left in database and data folder, once

Monitoring: GET /healthz, GET /readyz; GET /metrics with a token of the tenant "default" and the role gate or admin, or without
one at --metrics-listen, which only Prometheus should reach. Traces: load an OpenTelemetry SDK first, as in
  NODE_OPTIONS="--import ./tracing.mjs" assay serve

Examples:
  assay serve
  assay serve --listen 0.0.0.0:8321 --data /var/lib/assay --rules rules.yaml
  curl -H "Authorization: Bearer $ASSAY_TOKEN" http://127.0.0.1:8321/v1/models
`;

export function registerServe(program: Command, shell: Shell): void {
  program
    .command('serve')
    .summary('the registry, its API and console')
    .description(
      'Serves the registry: scans submitted models, records approvals, and answers the webhook and the Hub proxy.',
    )
    .option('-l, --listen <host:port>', 'address to listen at (ASSAY_LISTEN; 127.0.0.1:8321)')
    .option('--public-url <url>', 'address that users open (ASSAY_PUBLIC_URL; the listen address)')
    .option('--data <folder>', 'registry, uploads, snapshots (ASSAY_DATA; ./assay-data)')
    .option('--database <place>', 'sqlite:PATH or postgres://host/name (ASSAY_DATABASE; in the data folder)')
    .option('--queue <place>', 'embedded or redis://host:6379 (ASSAY_QUEUE; embedded)')
    .option('--rules <file>', 'policy and approvals of each stage (ASSAY_RULES)')
    .option('--workers <number>', 'concurrent scans of the embedded queue (ASSAY_WORKERS; 2)')
    .option(
      '--metrics-listen <host:port>',
      'address for metrics without a token, for Prometheus (ASSAY_METRICS_LISTEN)',
    )
    .option('--allow-private-addresses', 'let users name addresses in private networks (ASSAY_ALLOW_PRIVATE_ADDRESSES)')
    .addHelpText('after', GUIDE)
    .action(async (flags: ServiceFlags) => {
      const { runServe } = await import('./run.ts');
      await runServe(flags, shell);
    });
}
