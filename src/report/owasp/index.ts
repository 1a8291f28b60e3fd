export { mapOwasp, OWASP_RISKS, type OwaspMap, owaspCoverage } from './owasp.ts';
