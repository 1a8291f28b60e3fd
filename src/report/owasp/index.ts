export { OWASP_RISKS, type OwaspMap, mapOwasp, owaspCoverage } from './owasp.ts';
