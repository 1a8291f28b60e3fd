export { type Authenticator, createAuthenticator } from './auth.ts';
export { firstToken } from './first-token.ts';
export { type Oidc, openOidc } from './oidc.ts';
export { type ConversionSigner, openApprovalSigner, openConversionSigner } from './own-keys.ts';
export {
  checkSameOrigin,
  createSessions,
  endOfSession,
  idOfSession,
  isOtherHost,
  isSecure,
  type Sessions,
} from './sessions.ts';
