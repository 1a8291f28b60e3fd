export { type Approved, type PageOptions, type Step, approvedJson, approvedText, neededText, requestText } from './approved-text.ts';
export { Refusal, withRegistry } from './open.ts';
export { registeredVersion } from './register.ts';
export { printRequest } from './request-text.ts';
export { REQUEST_COMMENT, decisionFor, labelOf, openRequest, refuseDenied } from './requests.ts';
export { knownVersion, queryOf, targetOf, versionName } from './target.ts';
