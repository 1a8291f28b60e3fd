export {
  type DecisionService,
  NO_SERVICE,
  openDecisionService,
  ownDenial,
  type ServiceDecision,
  unavailableService,
} from './decision-service.ts';
export { serviceFindings, unavailableFinding } from './findings.ts';
export { askedSubjectsOf, distinct, folderSubjects } from './subjects.ts';
