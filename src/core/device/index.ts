/** Where a model runs: the processor, a GPU by CUDA, or a GPU by WebGPU (Vulkan, Metal, Direct3D). */
export const DEVICES = ['cpu', 'cuda', 'webgpu'] as const;
export type Device = (typeof DEVICES)[number];

/** `auto` takes the first of CUDA, WebGPU and the processor that runs the model. */
export const DEVICE_CHOICES = [...DEVICES, 'auto'] as const;
export type DeviceChoice = (typeof DEVICE_CHOICES)[number];
