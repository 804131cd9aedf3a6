/** What pg's types leave open: rows are what the caller says they are. */
// biome-ignore lint/suspicious/noExplicitAny: code written for @types/pg counts on rows of `any`
export type Any = any

/** A row whose columns nobody named. */
export interface QueryResultRow {
  [column: string]: Any
}

/** The values of a query, if their type is that of an array. */
export type QueryConfigValues<Values> = Values extends Array<infer _Value> ? Values : never
