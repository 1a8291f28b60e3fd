export { findSparkSql } from './find-spark.ts';
export { openSparkSession, type SparkOptions, type SparkSession } from './spark-session.ts';
