export { type ProtoSchema, readSchema, type SchemaField } from './schema.ts';
export { type SchemaFault, type SchemaVisitor, walkSchema } from './walk.ts';
