/**
 * The binary forms that are written and read in bulk without a call for each value: by encoders of
 * records and by columns. A codec states one when its own functions do just the same.
 *
 * - integers and floats of 2 to 8 bytes in network order; `bool` is a byte, `text` UTF-8
 * - `timestamp`: microseconds since 2000-01-01 as an int64, whose greatest and least are the infinities;
 *   its encoder takes more than numbers, so it is only read in bulk
 * - `json`: UTF-8, only read in bulk too; `jsonb`: the same behind a byte, the version of the form
 */
export type BinaryLayout =
  | 'bool'
  | 'int2'
  | 'int4'
  | 'uint4'
  | 'int8'
  | 'float4'
  | 'float8'
  | 'text'
  | 'timestamp'
  | 'json'
  | 'jsonb'
