import type { WorkloadReference } from '../../../src/workload/index.ts';

/**
 * Whether a reference of an object is read from a folder that an init container of the webhook's own fills with verified bytes, and that
 * nobody else can write to. Asked of objects as they are to be stored: what is not exactly what the webhook puts there is not believed.
 */
export type InjectionCheck = (object: unknown, found: WorkloadReference) => boolean;

export const NOTHING_INJECTED: InjectionCheck = () => false;

/** Whether a container is exactly one that the webhook itself adds. */
export type OwnContainerCheck = (container: unknown) => boolean;
