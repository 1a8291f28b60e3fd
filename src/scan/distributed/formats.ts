const DATA_FORMATS: ReadonlySet<string> = new Set(['torch-distcp', 'torch-zip', 'safetensors']);

/** Whether a file of this format may hold values of a distributed checkpoint. */
export function isCheckpointData(format: string): boolean {
  return DATA_FORMATS.has(format);
}
