export { loadPrompts, type Prompts } from './load.ts';
export { type PromptsSpec, promptsSchema } from './spec.ts';
