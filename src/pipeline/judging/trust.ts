import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { readSmallFile, readSmallText } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import type { Trust, ValidityPolicy } from '../../integrity/trust/index.ts';
import type { TrustFile, TrustRule } from '../../integrity/trust-file/index.ts';
import type { SignatureRequest } from '../signature/index.ts';
import type { TrustChoice } from './choice.ts';

/** Who is trusted, and with what. */
interface Trusted {
  readonly models: readonly Trust[];
  readonly converters: TrustFile;
}

/**
 * The signers that the choice and the environment trust; nobody by default.
 * @throws AssayError `usage` for options that contradict each other, and what reading their files throws.
 */
export async function readTrusts(flags: TrustChoice, env: NodeJS.ProcessEnv): Promise<readonly Trust[]> {
  return (await readTrusted(flags, env, NOBODY)).models;
}

/** The signature that a scan verifies: any that is there, but it counts only when a signer is trusted. */
export async function signatureRequest(
  flags: TrustChoice,
  env: NodeJS.ProcessEnv,
  forAttestations = false,
): Promise<SignatureRequest> {
  const { models, converters } = await readTrusted(flags, env, forAttestations ? ANYTHING : CONVERSIONS);
  return { path: flags.signature, trusts: models, converters };
}

/** Whether a trust file that lets nobody sign models is there for something else. */
type Excuse = (converters: readonly TrustRule[]) => boolean;
const NOBODY: Excuse = () => false;
const CONVERSIONS: Excuse = ({ length }) => length > 0;
const ANYTHING: Excuse = () => true;

async function readTrusted(flags: TrustChoice, env: NodeJS.ProcessEnv, excuse: Excuse): Promise<Trusted> {
  checkTogether(flags);
  const named: (readonly [option: string, trust: Trust])[] = [];
  if (flags.publicKey !== undefined) named.push(['--public-key', await keyTrust(flags.publicKey)]);
  if (flags.certificateChain !== undefined)
    named.push(['--certificate-chain', await certificateTrust(flags.certificateChain, flags)]);
  if (flags.identity !== undefined && flags.issuer !== undefined)
    named.push(['--identity', await keylessTrust(flags.identity, flags.issuer, flags.trustedRoot)]);
  const models = named.map(([, trust]) => trust);
  const rules = named.map(([name, trust]): TrustRule => ({ name, trust, may: CONVERTER }));
  const file = flags.trust ?? env.ASSAY_TRUST;
  if (file !== undefined && file !== '' && (flags.trust !== undefined || models.length === 0)) {
    const { modelTrusts, readTrustFile } = await import('../../integrity/trust-file/index.ts');
    const trustFile = await readTrustFile(file);
    const signers = modelTrusts(trustFile);
    const converters = trustFile.rules.filter(({ may }) => may.has('conversion'));
    if (signers.length === 0 && models.length === 0 && !excuse(converters)) {
      throw new AssayError('usage', 'lets nobody sign models', {
        subject: file,
        hint: 'give a signer the role: may: [model-signature]',
      });
    }
    models.push(...signers);
    rules.push(...converters);
  }
  return { models, converters: { path: file ?? '', rules, warnings: [] } };
}

/** Who is named for this artifact alone signs whatever it holds. */
const CONVERTER: TrustRule['may'] = new Set(['model-signature', 'conversion']);

function checkTogether({ identity, issuer, certificateChain, trustedRoot }: TrustChoice): void {
  const hint = 'give both --identity and --issuer: anybody can get an identity from some issuer';
  if (issuer !== undefined && identity === undefined) {
    throw new AssayError('usage', 'names an issuer and no identity', { subject: '--issuer', hint });
  }
  if (identity !== undefined && issuer === undefined && certificateChain === undefined) {
    throw new AssayError('usage', 'names an identity and no issuer', { subject: '--identity', hint });
  }
  if (trustedRoot !== undefined && issuer === undefined) {
    throw new AssayError('usage', 'needs a keyless identity', { subject: '--trusted-root', hint });
  }
}

async function keyTrust(path: string): Promise<Trust> {
  const { readPublicKey } = await import('../../integrity/envelope/index.ts');
  return { kind: 'key', key: readPublicKey(await readSmallText(path, '--public-key'), path) };
}

async function certificateTrust(path: string, { identity, validity }: TrustChoice): Promise<Trust> {
  const { readAnchors } = await import('../../integrity/x509/index.ts');
  const anchors = readAnchors(await readSmallText(path, '--certificate-chain'), path);
  const policy: ValidityPolicy = validity === 'now' ? 'now' : 'issued';
  if (identity === undefined) return { kind: 'certificate', anchors, validity: policy };
  const { checkNamePattern } = await import('../../integrity/trust/index.ts');
  checkNamePattern(identity, '--identity');
  return { kind: 'certificate', anchors, validity: policy, identity };
}

async function keylessTrust(identity: string, issuer: string, rootPath: string | undefined): Promise<Trust> {
  const { checkIdentityPattern } = await import('../../integrity/trust/index.ts');
  checkIdentityPattern({ identity, issuer });
  return { kind: 'keyless', root: await trustedRoot(rootPath), identity: { identity, issuer } };
}

async function trustedRoot(path: string | undefined): Promise<TrustedRoot> {
  const { bundledRoot, readTrustedRoot } = await import('../../integrity/sigstore/index.ts');
  return path === undefined
    ? bundledRoot()
    : readTrustedRoot((await readSmallFile(path, '--trusted-root')).bytes, path);
}
