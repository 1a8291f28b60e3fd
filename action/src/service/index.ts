export { closedDesk, type Desk, NO_DESK, openDesk, ownDenial, type Ruled } from './desk.ts';
export { serviceFindings, unavailableFinding } from './findings.ts';
export { askedSubjectsOf, distinct, folderSubjects } from './subjects.ts';
