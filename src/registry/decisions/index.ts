export { digestOf, voidApproval } from './carry-over.ts';
export { decideVersion, storeAnswer } from './decide-version.ts';
export { gate, versionsOf } from './gate.ts';
export { reevaluate } from './reevaluate.ts';
