export { fillTemplate, type TemplateValues } from './fill-template.ts';
export { exceptionsAt, type HeldExceptions, heldExceptions, NO_EXCEPTIONS } from './held.ts';
export { templateLike } from './template-like.ts';
export { EXCEPTION_TEMPLATES, type ExceptionTemplate } from './templates/index.ts';
export { exceptionsYaml, type WrittenException } from './write.ts';
