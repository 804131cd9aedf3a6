/** One import of a source file. */
export interface Import {
  /** As written: a relative path, `node:…` or the name of a package. */
  readonly specifier: string
  /** Nothing of it is left at run time. */
  readonly isTypeOnly: boolean
  /** Written as a call, `import('…')`. */
  readonly isDynamic: boolean
}

const STRING_OR_COMMENT =
  /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/.*/g
const DECLARATION =
  /^[ \t]*(?:import|export)\b(?:\s+(type)\b)?(?:([^'"`;()=]*?)\bfrom\b)?\s*['"]([^'"]+)['"]/gm
const CALL = /\bimport\s*\(\s*['"]([^'"]+)['"]/g

/** The text of a source file without its comments; what looks like one inside a string stays. */
export function stripComments(text: string): string {
  return text.replace(STRING_OR_COMMENT, (_, string: string | undefined) => string ?? '')
}

/** Every import and re-export of a TypeScript file, in no particular order. */
export function scanImports(text: string): Import[] {
  const code = stripComments(text)
  const found: Import[] = []
  for (const [, type, names = '', specifier = ''] of code.matchAll(DECLARATION)) {
    const isTypeOnly = type !== undefined || isListOfTypes(names)
    found.push({ specifier, isTypeOnly, isDynamic: false })
  }
  for (const [, specifier = ''] of code.matchAll(CALL)) {
    found.push({ specifier, isTypeOnly: false, isDynamic: true })
  }
  return found
}

/** Whether `names` is a list in braces, each with its own `type`. */
function isListOfTypes(names: string): boolean {
  const list = /^\s*\{([^}]*)\}\s*$/
    .exec(names)?.[1]
    ?.split(',')
    .map((name) => name.trim())
  const given = list?.filter((name) => name !== '') ?? []
  return given.length > 0 && given.every((name) => name.startsWith('type '))
}
