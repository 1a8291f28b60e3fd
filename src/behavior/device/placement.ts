import type { Device } from '../../core/device/index.ts';
import type { NodeTime } from '../../sandbox/index.ts';

/** Where the nodes of a graph ran. */
export interface NodePlacement {
  /** The share of the time of all nodes that was spent on the device, from 0 to 1. */
  readonly share: number;
  readonly elsewhere: readonly Pick<NodeTime, 'node' | 'op' | 'provider'>[];
}

/** The names of the providers of onnxruntime. */
const PROVIDERS: Readonly<Record<Device, string>> = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
};

/**
 * The share of the device, by the time that its nodes took on the host: a device that works on while the host goes on counts as less than
 * it did, never as more. A graph without nodes runs nowhere else.
 */
export function placementOf(nodes: readonly NodeTime[], device: Device): NodePlacement {
  const own = PROVIDERS[device];
  const total = sumOf(nodes);
  const elsewhere = nodes.filter(({ provider }) => provider !== own);
  return {
    share: total === 0 ? Number(elsewhere.length === 0) : 1 - sumOf(elsewhere) / total,
    elsewhere: elsewhere.map(({ node, op, provider }) => ({ node, op, provider })),
  };
}

function sumOf(nodes: readonly NodeTime[]): number {
  return nodes.reduce((sum, { microseconds }) => sum + microseconds, 0);
}
