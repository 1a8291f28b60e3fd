import { describe, expect, it } from 'vitest';
import { type DeviceOptions, openOnDevice } from '../../../src/behavior/device/open.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { HOSTILE } from '../../support/onnx-hostile.ts';
import { requirePart } from '../../support/parts.ts';
import { hasVulkan, VULKAN_ENV, VULKAN_HOW } from '../../support/vulkan.ts';

const SIZE = 64;

/** A layer of a network, which a GPU can run, and `more` on it. */
function layer(
  more: (graph: GraphBuilder, value: ReturnType<GraphBuilder['input']>) => ReturnType<GraphBuilder['input']>,
): OnnxModel {
  const graph = new GraphBuilder('layer');
  const x = graph.input('x', 'float32', ['batch', SIZE]);
  const weights = Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i));
  const product = graph.op('MatMul', [x, graph.constant(tensorOf(weights, [SIZE, SIZE]))]);
  graph.output('y', more(graph, graph.op('Relu', [product])), 'float32', ['batch', SIZE]);
  return graph.model();
}

const plain = () => layer((_, value) => value);
/** WebGPU has no numbers of 64 bits. */
const doubled = () =>
  layer((graph, value) => graph.op('Cast', [graph.op('Cos', [graph.op('Cast', [value], { to: 11 })])], { to: 1 }));

const probe = new Map([
  [
    'x',
    { type: 'float32' as const, dims: [2, SIZE], data: Float32Array.from({ length: 2 * SIZE }, (_, i) => Math.cos(i)) },
  ],
]);

async function opened(model: OnnxModel, device: DeviceOptions['device'], env: NodeJS.ProcessEnv = {}) {
  const { runner, report } = await openOnDevice({ model, device, probe, env });
  try {
    return { report, y: (await runner.run(probe)).get('y')?.data as Float32Array };
  } finally {
    await runner.close();
  }
}

describe('the processor', () => {
  it('runs everything, and says so', async () => {
    const { report } = await opened(plain(), 'cpu');
    expect(report).toMatchObject({
      requested: 'cpu',
      device: 'cpu',
      share: 1,
      elsewhere: [],
      elsewhereCount: 0,
      drivers: [],
      passedOver: [],
    });
  });

  it('is what auto falls back to, with the reasons', async () => {
    const { report } = await opened(plain(), 'auto', { VK_DRIVER_FILES: '/nowhere.json' });
    expect(report).toMatchObject({ requested: 'auto', device: 'cpu' });
    expect(report.passedOver.map(({ device }) => device)).toEqual(['cuda', 'webgpu']);
    for (const { why } of report.passedOver) expect(why).toMatch(/^the device \w+ cannot be used: /);
  });

  it('refuses a model that does not end, on the last device', async () => {
    const x = new Map([['x', { type: 'float32' as const, dims: [1], data: Float32Array.of(1) }]]);
    const bounds = { sandboxWallMs: 2_000, sandboxCpuSeconds: 2 };
    await expect(openOnDevice({ model: HOSTILE.loop(), device: 'cpu', probe: x, bounds })).rejects.toMatchObject({
      code: 'limit',
    });
  });
});

it.each(['cuda', 'webgpu'] as const)('names the device %s that is not there, and what to do', async (device) => {
  await expect(opened(plain(), device, { VK_DRIVER_FILES: '/nowhere.json' })).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(`the device ${device} cannot be used`),
    hint: expect.stringContaining('--device auto'),
  });
});

requirePart('Vulkan driver', hasVulkan, VULKAN_HOW, 'WebGPU', () => {
  it('gives what the processor gives, and names its driver', async () => {
    const [gpu, cpu] = [await opened(plain(), 'webgpu', VULKAN_ENV), await opened(plain(), 'cpu')];
    expect(gpu.report).toMatchObject({
      device: 'webgpu',
      share: 1,
      elsewhereCount: 0,
      drivers: ['libvk_swiftshader.so'],
    });
    expect(gpu.y).toHaveLength(2 * SIZE);
    gpu.y.forEach((value, i) => {
      expect(value).toBeCloseTo(cpu.y[i] ?? Number.NaN, 4);
    });
  });

  it('is what auto takes where there is no CUDA', async () => {
    const { report } = await opened(plain(), 'auto', VULKAN_ENV);
    expect(report).toMatchObject({ requested: 'auto', device: 'webgpu', passedOver: [{ device: 'cuda' }] });
  });

  it('is refused for a model whose nodes run elsewhere, and passed over by auto', async () => {
    const graph = new GraphBuilder('texts');
    const x = graph.input('x', 'float32', ['batch', SIZE]);
    graph.output(
      'y',
      graph.op('Cast', [graph.op('Cast', [graph.op('Cast', [x], { to: 8 })], { to: 11 })], { to: 1 }),
      'float32',
      ['batch', SIZE],
    );
    await expect(opened(graph.model(), 'webgpu', VULKAN_ENV)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(
        /^\d+\.\d % of the time of its nodes was spent on webgpu, less than 95 %; elsewhere ran: .*Cast/,
      ),
    });
    const { report } = await opened(doubled(), 'auto', VULKAN_ENV);
    expect([report.device, report.share]).toEqual(
      report.device === 'webgpu' ? ['webgpu', expect.any(Number)] : ['cpu', 1],
    );
  });
});
