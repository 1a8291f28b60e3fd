export { renderMarkdown } from './markdown.ts';
export { markdownCode, markdownText } from './text.ts';
