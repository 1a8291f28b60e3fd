export {
  type Approved,
  approvedJson,
  approvedText,
  neededText,
  type PageOptions,
  type Step,
  wishText,
} from './approved-text.ts';
export { Refusal, withRegistry } from './open.ts';
export { registeredVersion } from './register.ts';
export { printWish } from './request-text.ts';
export { decisionFor, labelOf, openWish, refuseDenied, WISH } from './requests.ts';
export { knownVersion, queryOf, targetOf, versionName } from './target.ts';
