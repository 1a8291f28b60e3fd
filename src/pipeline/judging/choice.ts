import type { Severity } from '../../core/assessment/index.ts';
import type { Environment } from '../../policy/index.ts';
import type { RulesetChoice } from '../rules/index.ts';

/** Whose signatures are trusted. Values are paths of files, but for the patterns. */
export interface TrustChoice {
  /** PEM: P-256, P-384, P-521 or Ed25519. */
  readonly publicKey?: string;
  /** PEM: roots to which a certificate has to lead. */
  readonly certificateChain?: string;
  /** The signer of a keyless signature, or the name in a certificate. `*` stands for anything but `/`, `**` for anything. */
  readonly identity?: string;
  /** The OIDC issuer that vouches for `identity`. */
  readonly issuer?: string;
  /** A Sigstore trusted root (JSON); that of the public-good instance when absent. */
  readonly trustedRoot?: string;
  /** A trust file (YAML). */
  readonly trust?: string;
  /** The signature; when absent, `model.sig` in the artifact, or `<file>.sig` beside a single file. */
  readonly signature?: string;
  /** When a certificate must have been valid: `issued` (as it signed) or `now`. */
  readonly validity?: string;
}

/** Where waivers come from: paths of files. */
export interface WaiverChoice {
  readonly waivers: readonly string[];
  /** Signed waivers and approvals, trusted when the trust file lists their signer. */
  readonly attestation: readonly string[];
}

/** By what an artifact is judged, as a user says it. */
export interface JudgingChoice {
  /** The name of a shipped policy, or a path. */
  readonly policy: string;
  readonly failOn: Severity | undefined;
  /** The path of the organisation's allowances. */
  readonly allow: string | undefined;
  readonly ruleset: RulesetChoice;
  readonly offline: boolean;
  readonly trust: TrustChoice;
  readonly waivers: WaiverChoice;
  /** The stage that it is judged for. */
  readonly environment: Environment;
}
