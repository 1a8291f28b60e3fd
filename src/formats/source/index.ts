export { SOURCE_CODE } from './format.ts';
export { isCodeName, isTextName } from './names.ts';
