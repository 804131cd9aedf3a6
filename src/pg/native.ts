/** Always null, as in pg where libpq's bindings are not installed: there is no second implementation. */
export const native: null = null
