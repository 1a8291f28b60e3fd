import { work } from './work.ts';

/**
 * The factor by which the work of a task grows when its size grows fourfold: about 4 if it is linear, 16 if it is quadratic. The
 * first run is not counted, since it loads modules on demand.
 */
export async function growth(size: number, task: (size: number) => unknown): Promise<number> {
  await work(() => task(size));
  const once = await work(() => task(size));
  return (await work(() => task(4 * size))) / once;
}
