import type { Any } from './any.js'
import { types as processTypes, type TypeFormat, type TypeParser } from './types.js'

/** Anything that knows parsers: `pg.types`, the option `types` of a query or a client. */
export interface CustomTypesConfig {
  getTypeParser(oid: number, format?: TypeFormat): TypeParser
}

/** Parsers of one client: its own first, then those of its option `types`, or of the process. */
export class TypeOverrides implements CustomTypesConfig {
  readonly text: Record<number, TypeParser> = {}
  readonly binary: Record<number, TypeParser> = {}
  readonly _types: CustomTypesConfig

  constructor(types?: CustomTypesConfig) {
    this._types = types ?? processTypes
  }

  /** The parsers set here for a format. */
  getOverrides(format: TypeFormat): Record<number, TypeParser> {
    return format === 'text' || format === 'binary' ? this[format] : {}
  }

  setTypeParser(oid: number, parse: (value: string) => Any): void
  setTypeParser(oid: number, format: 'binary', parse: (value: Buffer) => Any): void
  setTypeParser(oid: number, format: TypeFormat, parse: (value: string) => Any): void
  setTypeParser(oid: number, format: TypeFormat | TypeParser, parse?: TypeParser): void {
    const [where, parser] =
      typeof format === 'function' ? (['text', format] as const) : [format, parse]
    if (parser !== undefined) this.getOverrides(where)[oid] = parser
  }

  getTypeParser(oid: number, format: TypeFormat = 'text'): TypeParser {
    return this.getOverrides(format)[oid] ?? this._types.getTypeParser(oid, format)
  }
}
