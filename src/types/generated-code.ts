let isAllowed: boolean | undefined

/** Whether this runtime lets code be made from text; `--disallow-code-generation-from-strings` does not. */
export function canGenerateCode(): boolean {
  if (isAllowed === undefined) {
    try {
      new Function('')
      isAllowed = true
    } catch {
      isAllowed = false
    }
  }
  return isAllowed
}
