export { extractReferences } from './extract.ts';
export {
  type LoaderFlags,
  type Role,
  referenceKey,
  type Unresolved,
  type WorkloadImage,
  type WorkloadReference,
  type WorkloadReferences,
} from './result.ts';
