export { codePath } from './code-path.ts';
export { leaveInterests } from './interest.ts';
export { plainTextScanner } from './plain-text.ts';
export { judgeTemplates } from './templates.ts';
