/** Resolves with the next process warning that has `code`. */
export function nextWarning(code: string): Promise<Error & { readonly detail?: string }> {
  return new Promise((resolve) => {
    const onWarning = (warning: Error & { code?: string; detail?: string }) => {
      if (warning.code !== code) return
      process.off('warning', onWarning)
      resolve(warning)
    }
    process.on('warning', onWarning)
  })
}
