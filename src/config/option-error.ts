/** An option is unknown or its value is wrong: a TypeError, or a RangeError where only the range is. */
export interface OptionError extends TypeError {
  readonly code: 'ERR_SLUICE_OPTION'
  /** Name of the option, such as `port` or `ssl.ca`; of the key as it was given when it is unknown. */
  readonly option: string
}

/** Makes an {@link OptionError}. `message` says what is wrong and where, and shows no secret. */
export function optionError(
  kind: typeof TypeError | typeof RangeError,
  option: string,
  message: string,
  cause?: unknown,
): OptionError {
  const error = cause === undefined ? new kind(message) : new kind(message, { cause })
  return Object.assign(error, { code: 'ERR_SLUICE_OPTION', option } as const)
}

/** Names the kind of a wrong value, and the value itself only where it is a boolean: a password may be a number. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  switch (typeof value) {
    case 'boolean':
      return String(value)
    case 'object':
      return 'an object'
    case 'undefined':
      return 'undefined'
    default:
      return `a ${typeof value}`
  }
}
