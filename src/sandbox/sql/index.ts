export {
  openSqlSession,
  type SqlColumn,
  type SqlLimits,
  type SqlResult,
  type SqlSession,
  type SqlSessionOptions,
  sqlEngine,
} from './sql-session.ts';
