import { work } from './work.ts';

/**
 * By how much the work of a task grows when its size grows fourfold: about 4 where it is linear, 16 where it is quadratic. The
 * first run is not counted: it loads what is loaded on demand.
 */
export async function growth(size: number, task: (size: number) => unknown): Promise<number> {
  await work(() => task(size));
  const once = await work(() => task(size));
  return (await work(() => task(4 * size))) / once;
}
