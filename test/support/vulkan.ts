import { existsSync } from 'node:fs';

/** A Vulkan driver that computes on the processor: SwiftShader, which comes with Chromium. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

const LOADERS = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/libvulkan.so.1`);

export const hasVulkan = existsSync(SWIFTSHADER) && LOADERS.some((path) => existsSync(path));
export const VULKAN_HOW = 'apt-get install chromium libvulkan1';
/** The variables by which the Vulkan loader finds it. */
export const VULKAN_ENV = { VK_DRIVER_FILES: SWIFTSHADER } as const;
