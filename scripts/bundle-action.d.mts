import type { Metafile } from 'esbuild';

export const BUNDLE: string;
export function bundleAction(): Promise<{ bytes: Buffer; metafile: Metafile }>;
