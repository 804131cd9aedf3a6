import { InterfaceError } from '../base/errors.js'
import {
  readTypeOfName,
  type TypeKind,
  type TypeOfName,
  typesByNameQuery,
} from '../types/catalog.js'
import { OIDS } from '../types/oid.js'
import { isCodecOption } from '../types/type-layer.js'
import type { GivenCodec } from '../types/type-options.js'
import { CatalogRequest } from '../wire/requests/catalog.js'
import type { LimitOptions } from './query-options.js'
import type { Run } from './run.js'

const BUILTIN_SCHEMA = 'pg_catalog'

/** Where a type is, for `setTypeCodec` and `resetTypeCodec`, and how long to look for it. */
export interface TypeCodecOptions extends LimitOptions {
  /**
   * The schema of the type. Default: that in which the bare name is found in SQL, by `search_path`,
   * else the only one with a type of that name.
   */
  readonly schema?: string | undefined
}

/** Where codecs are set: for a pool, or for a connection. */
export interface CodecOwner {
  setCodec(name: string, codec: unknown): void
  resetCodec(name: string): void
}

/**
 * Finds the type and gives it the codec.
 *
 * @throws {TypeError} if `codec` is none
 * @throws {InterfaceError} if there is no such type, or it can have no codec of its own
 */
export async function setTypeCodec<T>(
  owner: CodecOwner,
  run: Run,
  typename: string,
  codec: GivenCodec<T>,
  options: TypeCodecOptions,
): Promise<void> {
  if (!isCodecOption(codec)) {
    throw new TypeError(
      'the codec of a type is an object with encode and decode, or with decodeText, …',
    )
  }
  const { schema, kind } = await findType(run, typename, options)
  if ('format' in codec && codec.format === 'tuple' && kind !== 'composite') {
    throw new InterfaceError(
      `${quoted(typename)} is no composite type, so its codec cannot take tuples`,
    )
  }
  owner.setCodec(`${schema}.${typename}`, codec)
}

/** Finds the type and takes its codec back. Throws as {@link setTypeCodec} does. */
export async function resetTypeCodec(
  owner: CodecOwner,
  run: Run,
  typename: string,
  options: TypeCodecOptions,
): Promise<void> {
  const { schema } = await findType(run, typename, options)
  owner.resetCodec(`${schema}.${typename}`)
}

async function findType(
  run: Run,
  typename: string,
  { schema, ...limits }: TypeCodecOptions,
): Promise<{ readonly schema: string; readonly kind: TypeKind }> {
  if (typeof typename !== 'string' || typename === '') {
    throw new TypeError('the name of a type must be a string, as in pg_type.typname')
  }
  if (schema !== undefined && typeof schema !== 'string') {
    throw new TypeError('the option "schema" must be a string')
  }
  const isBuiltin = Object.hasOwn(OIDS, typename) && !typename.startsWith('_')
  if (isBuiltin && (schema ?? BUILTIN_SCHEMA) === BUILTIN_SCHEMA) {
    return { schema: BUILTIN_SCHEMA, kind: 'base' }
  }
  const request = new CatalogRequest(typesByNameQuery(typename), readTypeOfName)
  const found = chosen(typename, schema, await run(request, limits))
  if (found.kind === 'array') {
    throw new InterfaceError(
      `${quoted(typename)} is an array type; it follows the codec of its elements`,
    )
  }
  if (found.kind === 'domain') {
    // The server describes columns of a domain as its base type.
    throw new InterfaceError(
      `${quoted(typename)} is a domain, whose values come as those of its base type; set the codec of that`,
    )
  }
  if (found.kind === 'pseudo') {
    throw new InterfaceError(`${quoted(typename)} is a pseudo-type, which has no values`)
  }
  return found
}

function chosen(
  typename: string,
  schema: string | undefined,
  types: readonly TypeOfName[],
): TypeOfName {
  const schemas = types.map((type) => quoted(type.schema)).join(', ')
  if (schema !== undefined) {
    const found = types.find((type) => type.schema === schema)
    if (found !== undefined) return found
    const others = schemas === '' ? '' : `; there is one in ${schemas}`
    throw new InterfaceError(
      `there is no type ${quoted(typename)} in the schema ${quoted(schema)}${others}`,
    )
  }
  const found = types.find(({ isVisible }) => isVisible) ?? types[0]
  if (found === undefined) throw new InterfaceError(`there is no type ${quoted(typename)}`)
  if (found.isVisible || types.length === 1) return found
  throw new InterfaceError(
    `there are types ${quoted(typename)} in the schemas ${schemas}; the option "schema" says which`,
  )
}

function quoted(name: string): string {
  return JSON.stringify(name)
}
