import { InterfaceError } from '../base/errors.js'
import { parseCommandTag } from '../protocol/command-tag.js'
import type { Request } from '../wire/request.js'
import { SimpleQueryRequest } from '../wire/requests/simple-query.js'
import { TextRowsRequest } from '../wire/requests/text-rows.js'
import type { Session } from '../wire/session.js'
import type { WireConnection } from '../wire/wire-connection.js'
import { type QueryOptions, rowModeOf } from './query-options.js'
import type { QueryResult } from './result.js'
import { readQuery, type Sql } from './sql.js'

/** Hands a request to a replication connection, which refuses what the server would not understand there. */
export function submitToReplication(wire: WireConnection, request: Request): void {
  if (request instanceof SimpleQueryRequest) wire.submit(request)
  else {
    request.onRefused(
      new InterfaceError(
        'a replication connection takes commands only, by query() or execute() and without parameters',
      ),
    )
  }
}

/**
 * A query on a replication connection, such as IDENTIFY_SYSTEM. The server takes there the simple
 * protocol alone, so there are no parameters, and all values are text.
 */
export async function replicationQuery<Row>(
  session: Session,
  run: (request: TextRowsRequest) => Promise<unknown>,
  query: string | Sql,
  params: readonly unknown[] | undefined,
  options: QueryOptions,
): Promise<QueryResult<Row>> {
  const [text, values] = readQuery(query, params)
  const rowMode = rowModeOf(options)
  if (values.length > 0) throw new InterfaceError('replication connections take no parameters')
  const request = new TextRowsRequest(text)
  await run(request)
  const names = request.fields.map(({ name }) => name)
  const toObject = (row: readonly unknown[]) =>
    Object.fromEntries(names.map((name, i) => [name, row[i]]))
  return {
    rows: (rowMode === 'array' ? request.rows : request.rows.map(toObject)) as Row[],
    columns: request.fields.map((field) => ({
      ...field,
      typeName: session.types.get(field.typeOid).name,
    })),
    ...parseCommandTag(request.tag),
  }
}
