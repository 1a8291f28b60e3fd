export { outputName } from './names.ts';
export { type ConversionPlan, type PlannedFile, type PlanOptions, planSafetensors } from './plan.ts';
export { type PlanWriteOptions, writePlan } from './write.ts';
