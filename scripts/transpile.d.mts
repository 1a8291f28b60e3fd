export function transpile(): Promise<void>;
