export { planSafetensors } from './plan.ts';
