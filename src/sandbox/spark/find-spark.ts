import { join } from 'node:path';
import { AssayError } from '../../core/index.ts';
import { isProgram, programOnPath } from '../programs.ts';

/** `spark-sql` of SPARK_HOME, else of PATH. @throws AssayError `not-found` */
export function findSparkSql(env: NodeJS.ProcessEnv): string {
  const { SPARK_HOME: home } = env;
  const own = home === undefined || home === '' ? undefined : join(home, 'bin', 'spark-sql');
  const found = own !== undefined && isProgram(own) ? own : programOnPath(['spark-sql'], env);
  if (found !== undefined) return found;
  throw new AssayError('not-found', 'is neither in SPARK_HOME nor in PATH', {
    subject: 'spark-sql',
    hint: 'install Spark 4 (`pip install pyspark` has it), or leave out --engine spark',
  });
}
