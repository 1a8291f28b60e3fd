export { judgeText, type TextForm, type TextJudgement } from './judge-text.ts';
export { namesTarget } from './keys.ts';
export { LoaderKeys, type TextFinding } from './loader-keys.ts';
export { textRules } from './rules.ts';
export { judgeTemplates, type TemplateText } from './templates.ts';
