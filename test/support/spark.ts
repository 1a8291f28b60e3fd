import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN = fileURLToPath(new URL('../../.cache/spark-4.0.1/pyspark', import.meta.url));

/** A Spark 4 that this machine can start: where its folder is; `undefined` when there is none, or no Java. */
export function findSpark(): string | undefined {
  const home = [process.env.SPARK_HOME, OWN].find(
    (one) => one !== undefined && existsSync(join(one, 'bin', 'spark-sql')),
  );
  const hasJava = spawnSync('java', ['-version'], { stdio: 'ignore' }).status === 0;
  return hasJava ? home : undefined;
}

export const HOW_TO_GET_SPARK =
  'install Java 17 or later, and `pip install --no-deps --target .cache/spark-4.0.1 pyspark==4.0.1`';
