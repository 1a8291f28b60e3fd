/** The names of the files of an upload with which a conversion is verified. */
export const ROWS = { inputs: 'inputs.npz', outputs: 'outputs.npz' } as const;
