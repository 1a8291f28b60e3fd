export { type MemberReader, readSkops, type SkopsFault, type SkopsObjects } from './read.ts';
export { parseSchema } from './schema.ts';
