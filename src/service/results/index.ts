export { orMissing } from './folder.ts';
export {
  type KeptResult,
  REPORT,
  type ResultAttempt,
  type ResultLimits,
  Results,
  type ResultWords,
} from './results.ts';
