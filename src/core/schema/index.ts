export { check, type Invalid } from './check.ts';
export { array, maybe, nullable, objectOf, pick, union } from './composites.ts';
export { type Filled, filled } from './derived.ts';
export { countOf, DIGEST, list, object, oneOf, realOf, text } from './kit.ts';
export {
  isOptional,
  type JsonSchema,
  type ObjectSchema,
  type Optional,
  optionalOf,
  type Schema,
  type SchemaProperties,
  type Static,
  schemaOf,
} from './schema.ts';
export { string, type TextOptions, type TextShape } from './texts.ts';
export {
  choiceOf,
  flagOf,
  growingChoice,
  isObject,
  literal,
  type NumberOptions,
  nothing,
  opaque,
  realNumber,
  wholeNumber,
} from './values.ts';
