export { editTexts, type TextEditOptions, type TextEditResult, type TextScore } from './attack.ts';
