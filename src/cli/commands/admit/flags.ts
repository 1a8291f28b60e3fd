import type {
  AdmissionOptions,
  ListenPlace,
  LogChoice,
  TlsOptions,
  WebhookOptions,
} from '../../../../admission-webhook/src/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { AdmitStatusRequest } from './request.ts';

/** As the argument parser gives them. */
export interface AdmitFlags {
  readonly explain?: boolean;
  readonly audit?: boolean;
  readonly fallback?: boolean;
  readonly snapshot?: string;
  readonly snapshotKey?: string;
  readonly snapshotTokenFile?: string;
  readonly tenant?: string;
  readonly state?: string;
  readonly floor?: string;
  readonly requireFloor: boolean;
  readonly poll: string;
  readonly config?: string;
  readonly breakGlass?: string;
  readonly breakGlassTrust?: string;
  readonly watchNamespaces: boolean;
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly serviceUrl?: string;
  readonly listen?: string;
  readonly metricsListen?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly selfSigned: boolean;
  readonly service?: string;
  readonly secret: string;
  readonly webhookConfig: readonly string[];
  readonly clientCa?: string;
  readonly clientName: readonly string[];
  readonly clientTokenFile?: string;
  readonly drain: string;
  readonly log: string;
  readonly file?: string;
  readonly stage?: string;
  readonly inNamespace: readonly string[];
  readonly proposals?: string;
  readonly baseline?: string;
  readonly format: string;
  readonly output?: string;
  readonly color: boolean;
}

interface StatusFlags {
  readonly metricsUrl: string;
  readonly url?: string;
  readonly ca?: string;
  readonly clientTokenFile?: string;
  readonly format: string;
  readonly output?: string;
  readonly color: boolean;
}

const MAX_POLL = 86_400;
const MAX_DRAIN = 600;

/** @throws AssayError `usage` */
export function webhookOf(flags: AdmitFlags): WebhookOptions {
  const { breakGlass, breakGlassTrust } = flags;
  if ((breakGlass === undefined) !== (breakGlassTrust === undefined))
    throw usage(
      '--break-glass',
      'needs both the folder and the trust file',
      'give --break-glass and --break-glass-trust',
    );
  if (flags.requireFloor && flags.floor === undefined)
    throw usage('--require-floor', 'no floor is named', 'give --floor configmap://namespace/name as well');
  return {
    snapshot: {
      from: needed(flags.snapshot, 'no snapshot is named', '--snapshot FILE --snapshot-key PUBLIC'),
      key: needed(flags.snapshotKey, 'no snapshot key is named', '--snapshot-key PUBLIC'),
      tenant: flags.tenant ?? null,
      tokenFile: flags.snapshotTokenFile ?? null,
      state: flags.state ?? null,
      floor: flags.floor ?? null,
      requireFloor: flags.requireFloor,
      pollSeconds: whole(flags.poll, '--poll', 1, MAX_POLL),
    },
    config: flags.config ?? null,
    breakGlass:
      breakGlass === undefined || breakGlassTrust === undefined ? null : { folder: breakGlass, trust: breakGlassTrust },
    watchNamespaces: flags.watchNamespaces,
    kubeconfig: flags.kubeconfig ?? null,
    ownNamespace: flags.namespace ?? null,
    serviceUrl: flags.serviceUrl === undefined ? null : address(flags.serviceUrl, '--service-url'),
  };
}

/** @throws AssayError `usage` */
export function serveOf(flags: AdmitFlags): AdmissionOptions {
  if (flags.snapshot === undefined && flags.listen === undefined) {
    const hint = 'give --explain -f manifest.yaml, --audit, --fallback, or --snapshot F --listen HOST:PORT to serve';
    throw usage('admit', 'no mode is given', hint);
  }
  if (flags.clientName.length > 0 && flags.clientCa === undefined)
    throw usage('--client-name', 'needs an authority', 'give --client-ca as well');
  return {
    webhook: webhookOf(flags),
    listen: place(needed(flags.listen, 'no address to listen at is given', '--listen HOST:PORT'), '--listen'),
    metricsListen: flags.metricsListen === undefined ? null : place(flags.metricsListen, '--metrics-listen'),
    tls: tlsOf(flags),
    clients: { ca: flags.clientCa ?? null, names: flags.clientName, tokenFile: flags.clientTokenFile ?? null },
    drainSeconds: whole(flags.drain, '--drain', 0, MAX_DRAIN),
    log: flags.log as LogChoice,
  };
}

function tlsOf({ selfSigned, tlsCert, tlsKey, service, namespace, secret, webhookConfig }: AdmitFlags): TlsOptions {
  if (!selfSigned) {
    const missing = 'the API server connects over HTTPS only';
    const hint = '--tls-cert F --tls-key F, or --self-signed';
    return { kind: 'files', cert: needed(tlsCert, missing, hint), key: needed(tlsKey, missing, hint) };
  }
  if (tlsCert !== undefined || tlsKey !== undefined)
    throw usage('--self-signed', 'makes its own certificate', 'give either --self-signed, or --tls-cert and --tls-key');
  return {
    kind: 'self-signed',
    service: needed(service, 'the certificate needs the name of the Service', '--service NAME'),
    namespace: needed(namespace, 'the certificate needs the namespace of the Service', '--namespace NAME'),
    secret,
    webhookConfigs: webhookConfig,
  };
}

/** @throws AssayError `usage` */
export function statusRequestOf(flags: StatusFlags): AdmitStatusRequest {
  const { url, metricsUrl, ca, clientTokenFile, output, color } = flags;
  return {
    url: url === undefined ? address(metricsUrl, '--metrics-url') : address(url, '--url'),
    ca,
    tokenFile: clientTokenFile,
    format: flags.format === 'json' ? 'json' : 'table',
    output,
    color,
  };
}

/** @throws AssayError `usage` */
export function stageOf({ stage }: AdmitFlags): string | undefined {
  if (stage === undefined || /^[a-z][a-z0-9-]{0,40}$/.test(stage)) return stage;
  throw usage(`--stage ${stage}`, 'is not a stage', 'name a stage, such as production');
}

function needed(value: string | undefined, missing: string, flag: string): string {
  if (value !== undefined && value !== '') return value;
  throw usage('admit', missing, `give ${flag}`);
}

/** `host:port`, `:port`, `[::1]:port`. */
function place(value: string, flag: string): ListenPlace {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(value);
  const port = Number(parts?.[3]);
  if (parts === null || port > 65_535)
    throw usage(`${flag} ${value}`, 'is not a place to listen at', 'write it as 0.0.0.0:8443');
  return { host: parts[1] ?? (parts[2] || '0.0.0.0'), port };
}

function whole(text: string, flag: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`${flag} ${text}`, 'is not a valid number of seconds', `write a whole number from ${min} to ${max}`);
}

function address(value: string, flag: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw usage(flag, 'is not an address', 'write it as https://host, without a password');
  return value.replace(/\/+$/, '');
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
