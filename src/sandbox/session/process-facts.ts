import { readFileSync } from 'node:fs';

/** Libraries that drive a GPU, or stand in for one: Vulkan drivers by their usual names, and NVIDIA's. */
const DRIVER = /\/(lib(?:vulkan_\w+|vk_swiftshader|GLX_nvidia|nvidia-\w+|cuda)\.so[.\d]*)$/gm;

/**
 * The drivers that a process has loaded, as its memory map names their files, versions included: `libcuda.so.550.54`. The process does not
 * tell it by itself. Empty where the system has no such map, and for a process that is gone.
 */
export function driversOf(pid: number | undefined): readonly string[] {
  if (pid === undefined || process.platform !== 'linux') return [];
  try {
    const maps = readFileSync(`/proc/${pid}/maps`, 'latin1');
    return [...new Set([...maps.matchAll(DRIVER)].map(([, name = '']) => name))].sort();
  } catch {
    return [];
  }
}

/** The most memory that a process held at a time, in bytes; `undefined` where the system does not tell it. */
export function peakBytesOf(pid: number | undefined): number | undefined {
  if (pid === undefined || process.platform !== 'linux') return undefined;
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}
