import type { Severity } from '../../core/assessment/index.ts';
import type { Environment } from '../../policy/index.ts';
import type { RulesetChoice } from '../rules/index.ts';

/** The trusted signers. Values are paths of files, except for the patterns. */
export interface TrustChoice {
  /** PEM: P-256, P-384, P-521 or Ed25519. */
  readonly publicKey?: string;
  /** PEM: roots to which a certificate has to lead. */
  readonly certificateChain?: string;
  /** The signer of a keyless signature, or the name in a certificate. `*` stands for anything but `/`, `**` for anything. */
  readonly identity?: string;
  /** The OIDC issuer of `identity`. */
  readonly issuer?: string;
  /** A Sigstore trusted root (JSON); that of the public-good instance when absent. */
  readonly trustedRoot?: string;
  /** A trust file (YAML). */
  readonly trust?: string;
  /** The signature; when absent, `model.sig` in the artifact, or `<file>.sig` beside a single file. */
  readonly signature?: string;
  /** When a certificate must be valid: `issued` (at the time of the signature) or `now`. */
  readonly validity?: string;
}

/** Where waivers come from: paths of files. */
export interface WaiverChoice {
  readonly waivers: readonly string[];
  /** Signed waivers and approvals, trusted when the trust file lists their signer. */
  readonly attestation: readonly string[];
}

/** The rules by which an artifact is judged, as a user names them. */
export interface JudgingChoice {
  /** The name of a shipped policy, or a path. */
  readonly policy: string;
  readonly failOn: Severity | undefined;
  /** The path of the organisation's allowances. */
  readonly allow: string | undefined;
  /** The path of the organisation's advisories about loaders; that of `ASSAY_ADVISORIES`, when absent. */
  readonly advisories?: string | undefined;
  readonly ruleset: RulesetChoice;
  readonly offline: boolean;
  readonly trust: TrustChoice;
  readonly waivers: WaiverChoice;
  /** The stage for which the artifact is judged. */
  readonly environment: Environment;
}
