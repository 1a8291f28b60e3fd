export {
  type ApprovalResult,
  type ApprovedTextOptions,
  approvedJson,
  approvedText,
  neededText,
  requestText,
  type Step,
} from './approved-text.ts';
export { Refusal, withRegistry } from './open.ts';
export { registeredVersion } from './register.ts';
export { printRequest } from './request-text.ts';
export { decisionFor, openRequest, REQUEST_COMMENT, refuseDenied, versionLabel } from './requests.ts';
export { knownVersion, queryOf, targetOf, versionName } from './target.ts';
export { addTests, runText } from './tests.ts';
