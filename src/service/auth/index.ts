export { openApprovalSigner } from './approval-signer.ts';
export { type Authenticator, createAuthenticator } from './auth.ts';
export { firstToken } from './first-token.ts';
export { type Oidc, openOidc } from './oidc.ts';
export { type Sessions, checkSameOrigin, createSessions, isSecure } from './sessions.ts';
