// Kysely over SQL sessions: PostgreSQL's compiler and rules, and a driver that hands queries to a session.
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import { InternalError } from '../../base/errors.ts';
import type { SqlSession, SqlSource } from './session.ts';

interface SessionConnection extends DatabaseConnection {
  readonly session: SqlSession;
}

function connectionOf(session: SqlSession): SessionConnection {
  return {
    session,
    async executeQuery<R>({ sql, parameters }: CompiledQuery) {
      const { rows, affected } = await session.query(sql, parameters);
      return { rows: rows as R[], numAffectedRows: BigInt(affected) };
    },
    streamQuery() {
      throw new InternalError('the embedded database streams no rows');
    },
  };
}

const sessionOf = (connection: DatabaseConnection): SqlSession => (connection as SessionConnection).session;

function driverOf(source: SqlSource): Driver {
  return {
    init: async () => {},
    acquireConnection: async () => connectionOf(source.session()),
    beginTransaction: (connection) => sessionOf(connection).begin(),
    commitTransaction: (connection) => sessionOf(connection).end('commit'),
    rollbackTransaction: (connection) => sessionOf(connection).end('rollback'),
    releaseConnection: (connection) => sessionOf(connection).release(),
    destroy: async () => {},
  };
}

export const sessionDialect = (source: SqlSource): Dialect => ({
  createDriver: () => driverOf(source),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
});
