import { expect, it } from 'vitest';
import { placementOf } from '../../../src/behavior/device/placement.ts';

const node = (provider: string, microseconds: number) => ({ node: 'n', op: 'Op', provider, microseconds });

it.each([
  ['all nodes on the device', [node('WebGpuExecutionProvider', 5)], 1, 0],
  ['a quarter of the time elsewhere', [node('WebGpuExecutionProvider', 30), node('CPUExecutionProvider', 10)], 0.75, 1],
  ['nodes of no time elsewhere', [node('WebGpuExecutionProvider', 0), node('CPUExecutionProvider', 0)], 0, 1],
  ['a provider that nobody knows', [node('WebGpuExecutionProvider ', 10)], 0, 1],
  ['no nodes', [], 1, 0],
])('tells the share of the device for %s', (_, nodes, share, elsewhere) => {
  const placement = placementOf(nodes, 'webgpu');
  expect([placement.share, placement.elsewhere.length]).toEqual([share, elsewhere]);
});
