export { ambientIdentity, ambientIdentityToken } from './ambient.ts';
export type { CertifiedIdentity } from './certified-identity.ts';
export { type IdentityToken, readIdentityToken } from './identity-token.ts';
export { keylessSigner } from './keyless-signer.ts';
export { PUBLIC_GOOD, type SigningServices, serviceUrl, timestampUrl } from './services.ts';
export { readSigningConfig } from './signing-config.ts';
