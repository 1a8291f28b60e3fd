// Files and documents made to take long: each has an end within its limit. Every case runs in a process of its own.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { claim, measure } from './measure.mjs';

const FOLDER = new URL('./hostile/', import.meta.url).pathname;
const RSS_LIMIT = 1024;
const SELF = new URL(import.meta.url).pathname;

/** A file of `hostile/` exports `cases`: each with a name, the milliseconds that it may take, and what is run. */
export async function benchHostile() {
  for (const file of readdirSync(FOLDER).sort()) {
    const { cases } = await import(join(FOLDER, file));
    for (const { name, limitMs } of cases) {
      const run = measure(process.execPath, [SELF, file, name], { runs: 1 });
      claim(`${name}, ms`, Number(run.stdout), { atMost: limitMs }, `(${run.rssMiB.toFixed(0)} MiB)`);
      if (run.rssMiB > RSS_LIMIT) claim(`${name}, MiB`, run.rssMiB, { atMost: RSS_LIMIT }, '');
    }
  }
}

if (process.argv[1] === SELF) {
  const [file, name] = process.argv.slice(2);
  const { cases } = await import(join(FOLDER, file));
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${file} has no case named ${name}`);
  const started = performance.now();
  await found.run();
  process.stdout.write(`${performance.now() - started}`);
}
