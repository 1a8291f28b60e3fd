export { isScriptClass, listedScriptClass } from './classes.ts';
export { isComputingOperator, judgeTorchOperator, type TorchJudgement } from './operators.ts';
export { EXPORT_RULES, TORCHSCRIPT_RULES } from './rules.ts';
