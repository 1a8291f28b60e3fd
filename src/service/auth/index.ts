export { openApprovalSigner } from './approval-signer.ts';
export { type Authenticator, createAuthenticator } from './auth.ts';
export { firstToken } from './first-token.ts';
export { type Oidc, openOidc } from './oidc.ts';
export { checkSameOrigin, createSessions, isSecure, type Sessions } from './sessions.ts';
