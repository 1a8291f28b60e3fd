export { findSparkSql } from '../../sandbox/index.ts';
export { DUCKDB, inDialect, type SqlDialect } from './dialect.ts';
export { type DataLimits, DEFAULT_DATA_LIMITS, type Engine, type EngineOptions, openEngine } from './engine.ts';
export { openSpark, type SparkChoice } from './spark.ts';
