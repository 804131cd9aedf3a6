/**
 * Puts a secret on an object so that it can be read by its name but shows in no inspection, JSON, spread
 * or list of keys.
 */
export function hide<T extends object, K extends string, V>(
  target: T,
  name: K,
  secret: V,
): T & { readonly [P in K]: V } {
  Object.defineProperty(target, name, { get: () => secret, enumerable: false })
  return target as T & { readonly [P in K]: V }
}
