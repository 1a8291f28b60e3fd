export { isScriptClass, listedScriptClass } from './classes.ts';
export { isComputingOperator, judgeTorchOperator, type TorchJudgement } from './operators.ts';
export { TORCHSCRIPT_RULES } from './rules.ts';
