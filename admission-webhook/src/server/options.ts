/** Where an address of ours is listened at. */
export interface ListenPlace {
  readonly host: string;
  readonly port: number;
}

/** Where the snapshot comes from, and how it is believed. */
export interface SnapshotOptions {
  /** A path, `https://` of a service, `configmap://namespace/name/key`, or `oci://registry/repository:tag`. */
  readonly from: string;
  /** File: the public key of who signs it, or a trust file. */
  readonly key: string;
  /** Whose decisions; `null`: any that the key signs. */
  readonly tenant: string | null;
  /** File that holds the token which a service or a registry asks for. */
  readonly tokenFile: string | null;
  /** Folder that keeps the last good one over a restart. */
  readonly state: string | null;
  /** `configmap://namespace/name`: keeps the version below which none is taken, over a restart and for all replicas. */
  readonly floor: string | null;
  /** While that cannot be read, none is taken. */
  readonly requireFloor: boolean;
  readonly pollSeconds: number;
}

/** Everything that decisions are made from. */
export interface WebhookOptions {
  readonly snapshot: SnapshotOptions;
  /** File: an AdmissionConfig. */
  readonly config: string | null;
  /** Folder of signed waivers, and the trust file of who can sign them. */
  readonly breakGlass: { readonly folder: string; readonly trust: string } | null;
  /** Learn the labels of namespaces from the cluster. */
  readonly watchNamespaces: boolean;
  /** Of the cluster that is asked; `null`: the one that this runs in. */
  readonly kubeconfig: string | null;
  /** The webhook's own namespace; the configuration may name it, too. */
  readonly ownNamespace: string | null;
  readonly serviceUrl: string | null;
}

/** What the server shows to the API server. */
export type TlsOptions =
  | { readonly kind: 'files'; readonly cert: string; readonly key: string }
  /** A CA and certificates of its own, kept in a Secret, and told to the API server. */
  | {
      readonly kind: 'self-signed';
      /** Name of the Service that leads here. */
      readonly service: string;
      readonly namespace: string;
      readonly secret: string;
      /** Names of the Validating- and MutatingWebhookConfigurations that are told the CA. */
      readonly webhookConfigs: readonly string[];
    };

/** Who may ask for reviews. Without either, anybody who reaches the port. */
export interface ClientOptions {
  /** File: certificates of the authorities that the API server's client certificate is issued by. */
  readonly ca: string | null;
  /** Common names that are believed; empty: any that the CA issued. */
  readonly names: readonly string[];
  /** File: the token that the API server shows. */
  readonly tokenFile: string | null;
}

export const LOG_CHOICES = ['decisions', 'denials', 'none'] as const;
export type LogChoice = (typeof LOG_CHOICES)[number];

export interface AdmissionOptions {
  readonly webhook: WebhookOptions;
  readonly listen: ListenPlace;
  /** Metrics, health and status without TLS and without a token, for Prometheus and for the users of the machine. */
  readonly metricsListen: ListenPlace | null;
  readonly tls: TlsOptions;
  readonly clients: ClientOptions;
  /** After the order to end: how long the server goes on, until nothing leads to it any more. */
  readonly drainSeconds: number;
  readonly log: LogChoice;
}
