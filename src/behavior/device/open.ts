import type { DeviceReport } from '../../core/behavior/index.ts';
import { DEVICES, type Device, type DeviceChoice } from '../../core/device/index.ts';
import { AssayError, isAssayError } from '../../core/index.ts';
import { openRunner, type Runner, type RunnerOptions } from '../../formats/onnx/index.ts';
import { onnxRuntime, type RunTensor } from '../../sandbox/index.ts';
import { type NodePlacement, placementOf } from './placement.ts';

export interface DeviceOptions extends Omit<RunnerOptions, 'device' | 'profiled'> {
  readonly device: DeviceChoice;
  /** Inputs that the model takes: it is run with them to see where its nodes run. */
  readonly probe: ReadonlyMap<string, RunTensor>;
}

/** A model that is loaded on a device, and what is known of that. */
export interface OnDevice {
  readonly runner: Runner;
  readonly report: DeviceReport;
}

/** Less of the time of nodes on a device is not a run on it. */
export const LEAST_SHARE = 0.95;
/** Nodes that are named. */
const MAX_NAMED = 20;
/** The fastest first. */
const AUTO: readonly Device[] = ['cuda', 'webgpu', 'cpu'];
const PASSABLE: ReadonlySet<string> = new Set(['not-found', 'unsupported', 'sandbox', 'limit']);
const HINTS: Readonly<Record<Device, string>> = {
  cpu: 'npm install onnxruntime-node@1.30.0',
  cuda: 'install CUDA 12, cuDNN 9 and `ONNXRUNTIME_NODE_INSTALL=cuda12 npm install onnxruntime-node`, or use --device auto',
  webgpu: 'install a Vulkan driver (Debian: libvulkan1 and mesa-vulkan-drivers), or use --device auto',
};

/**
 * Loads a model on a device, and runs it twice to see by a profile of the runtime that it runs there. `auto` goes on to the next device,
 * with the reason; the processor is the last.
 * @throws AssayError `not-found` for a device that cannot be used, or on which less than 95 % of the time of the nodes was spent;
 *   what `openRunner` throws
 */
export async function openOnDevice({ device, ...options }: DeviceOptions): Promise<OnDevice> {
  const passedOver: { device: Device; why: string }[] = [];
  const tried = device === 'auto' ? AUTO : DEVICES.filter((one) => one === device);
  for (const [at, one] of tried.entries()) {
    try {
      const { runner, placement } = await opened(one, options);
      return { runner, report: reportOf(device, one, runner, placement, passedOver) };
    } catch (error) {
      if (at === tried.length - 1 || !passable(error)) throw error;
      passedOver.push({ device: one, why: error.message });
    }
  }
  throw new AssayError('internal', 'no device was tried');
}

async function opened(device: Device, { probe, ...options }: Omit<DeviceOptions, 'device'>) {
  const runner = await openedRunner(device, options);
  try {
    await runner.run(probe);
    await runner.run(probe);
    const placement = placementOf(await runner.profile(), device);
    if (device !== 'cpu' && placement.share < LEAST_SHARE) throw tooLittle(device, placement);
    return { runner, placement };
  } catch (error) {
    await runner.close();
    throw error;
  }
}

async function openedRunner(device: Device, options: Omit<DeviceOptions, 'device' | 'probe'>): Promise<Runner> {
  try {
    return await openRunner({ ...options, device, profiled: true });
  } catch (error) {
    if (device === 'cpu' || !passable(error)) throw error;
    throw new AssayError('not-found', `the device ${device} cannot be used: ${error.message}`, {
      hint: HINTS[device],
      cause: error,
    });
  }
}

/** Another device may still run the model: it was not stopped, and it is not the model that is wrong. */
function passable(error: unknown): error is AssayError {
  return isAssayError(error) && PASSABLE.has(error.code);
}

function tooLittle(device: Device, { share, elsewhere }: NodePlacement): AssayError {
  const ops = [...new Set(elsewhere.map(({ op }) => op))].slice(0, MAX_NAMED).join(', ');
  return new AssayError(
    'not-found',
    `${(100 * share).toFixed(1)} % of the time of its nodes was spent on ${device}, less than ${100 * LEAST_SHARE} %; elsewhere ran: ${ops}`,
    { hint: 'use --device auto, which takes the next device then, or --device cpu' },
  );
}

function reportOf(
  requested: DeviceChoice,
  device: Device,
  runner: Runner,
  { share, elsewhere }: NodePlacement,
  passedOver: DeviceReport['passedOver'],
): DeviceReport {
  return {
    requested,
    device,
    runtime: onnxRuntime(),
    drivers: runner.drivers(),
    share,
    elsewhere: elsewhere.slice(0, MAX_NAMED),
    elsewhereCount: elsewhere.length,
    passedOver,
  };
}
