import type { Command } from 'commander';
import type { ServiceFlags } from '../../../service/index.ts';
import type { Shell } from '../../terminal/index.ts';

const GUIDE = `
On a laptop, "assay serve" alone does everything: its registry, uploads and jobs lie in ./assay-data, it scans by itself, and the
first start prints the token to sign in with.

For a team, set what follows; every flag has a variable, too (a flag wins). Secrets are never flags; each may lie in a file
that the variable with _FILE at its end names (ASSAY_DATABASE_FILE=/run/secrets/database).

  ASSAY_DATABASE              sqlite:PATH, or postgres://user:password@host/name
  ASSAY_QUEUE                 embedded, or redis://:password@host:6379 with "assay worker" elsewhere
  ASSAY_PUBLIC_URL            https://assay.example.com: where users reach it, through a proxy that ends TLS
  ASSAY_TRUSTED_PROXIES       addresses or networks of that proxy, whose X-Forwarded-For is believed
  ASSAY_OIDC_ISSUER           your identity provider; with it go:
  ASSAY_OIDC_AUDIENCE           what tokens for this service name as their audience
  ASSAY_OIDC_CLIENT_ID          of the console, for signing in (code flow with PKCE; redirect to PUBLIC_URL/signin/callback)
  ASSAY_OIDC_CLIENT_SECRET      its secret
  ASSAY_OIDC_ROLES_CLAIM        the claim that holds roles: "roles", or a path such as realm_access.roles
  ASSAY_OIDC_TENANT_CLAIM       the claim that holds the tenant; without it, everybody is of the tenant "default"
  ASSAY_SESSION_SECRET        32 characters or more, the same for every instance: sessions outlive a restart
  ASSAY_APPROVAL_KEY          private key (PEM) that signs approvals and waivers given in the console; ASSAY_KEY_PASSPHRASE
                              opens it
  ASSAY_TRUST                 trust file: who may sign approvals and waivers for themselves
  ASSAY_HUB_ENDPOINT          where hf:// is read from, when it is not https://huggingface.co
  ASSAY_GATE_STAGE            with HF_ENDPOINT=<PUBLIC_URL>/hub, models are handed out that may run at this stage (production)
  ASSAY_GATE_SCAN_ON_MISS     true: a commit that nobody has scanned is scanned when somebody asks for it
  ASSAY_GATE_CACHE_BYTES      disk that each tenant's cache of handed-out files takes (1 TiB)
  ASSAY_MLFLOW_STAGE          the stage whose decision MLflow is told (candidate), and the alias that leads to the newest
  ASSAY_MLFLOW_ALIAS            version that may run there (assay-allowed)
  ASSAY_REQUESTS_PER_MINUTE   of each principal (1200); ASSAY_MAX_BODY_BYTES, ASSAY_MAX_UPLOAD_BYTES,
                              ASSAY_MAX_UPLOAD_FILES, ASSAY_REQUEST_TIMEOUT_SECONDS bound requests, too
  ASSAY_MAX_LOOP_DELAY_MS     sends new requests away while the process answers later than this (2000; 0 for never)
  ASSAY_MAX_QUEUED_JOBS       jobs of each tenant that wait for a worker (10000); who asks for more is told 429, queue-full
  ASSAY_MAX_SCAN_SECONDS      a scan that takes longer ends as failed (21600)
  ASSAY_LOG_LEVEL             silent, error, warn, info or debug; the log is JSON on stdout, without secrets

Roles: viewer, submitter, reviewer, security-approver, admin, gate (reads decisions and snapshots only).

Rules of the registry (--rules), and what holds without them:
  version: 1
  stages:
    candidate: {policy: baseline}
    staging:
      policy: strict
      approvals: [{role: reviewer, count: 1}]
    production:
      policy: production                # or a file, relative to this one
      approvals: [{role: reviewer, count: 1}, {role: security-approver, count: 1}]
      methods: [key, keyless, certificate]  # how who approves or waives proves himself; anything, when absent

Watching: GET /healthz, GET /readyz; GET /metrics with a token of the tenant "default" and the role gate or admin, or without
one at --metrics-listen, which only Prometheus should reach. Traces: start an OpenTelemetry SDK before it, as in
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
    .description('Serves the registry of models: scans what is submitted, records who approved what, answers gates.')
    .option('-l, --listen <host:port>', 'where to listen (ASSAY_LISTEN; 127.0.0.1:8321)')
    .option('--public-url <url>', 'where users reach it (ASSAY_PUBLIC_URL; where it listens)')
    .option('--data <folder>', 'registry, uploads, snapshots (ASSAY_DATA; ./assay-data)')
    .option('--database <place>', 'sqlite:PATH or postgres://host/name (ASSAY_DATABASE; in the data folder)')
    .option('--queue <place>', 'embedded or redis://host:6379 (ASSAY_QUEUE; embedded)')
    .option('--rules <file>', 'policy and approvals of each stage (ASSAY_RULES)')
    .option('--workers <number>', 'scans at a time of the embedded queue (ASSAY_WORKERS; 2)')
    .option('--metrics-listen <host:port>', 'metrics without a token, for Prometheus alone (ASSAY_METRICS_LISTEN)')
    .option('--allow-private-addresses', 'what users name may lie in private networks (ASSAY_ALLOW_PRIVATE_ADDRESSES)')
    .addHelpText('after', GUIDE)
    .action(async (flags: ServiceFlags) => {
      const { runServe } = await import('./run.ts');
      await runServe(flags, shell);
    });
}
