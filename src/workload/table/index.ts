export { ANNOTATIONS, CSI_ATTRIBUTES, ENDPOINTS, MODEL_IMAGES, MODEL_SCHEMES } from './environment.ts';
export { FIELDS } from './fields.ts';
export { POD_SPECS } from './pod-specs.ts';
export { PROGRAMS } from './programs.ts';
export type { Attribute, BareName, EndpointRow, FieldRow, Finds, Means, PinSpelling, ProgramRow } from './types.ts';
