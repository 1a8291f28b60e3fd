export { type OutputRoles, readSignature, type Signature, type SignatureOutput } from './signature.ts';
export { type SubjectOptions, TestedModel } from './subject.ts';
