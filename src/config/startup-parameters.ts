import type { Environment } from './environment.js'
import { optionError } from './option-error.js'
import { withoutNul } from './option-parsers.js'

/** What {@link startupParameters} takes of the options. */
export interface StartupOptions {
  readonly applicationName: string | undefined
  readonly fallbackApplicationName: string | undefined
  readonly options: string | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly replication: boolean | 'database'
}

/**
 * Makes the parameters of the startup message. Settings win over the options and variables
 * that set the same.
 *
 * @param defaults Settings that the environment asks for.
 *
 * @throws {OptionError} for a setting that is none: another user, or an encoding that sluice does not read.
 * @see ProcessStartupPacket in src/backend/tcop/backend_startup.c
 */
export function startupParameters(
  user: string,
  database: string,
  { applicationName, fallbackApplicationName, options, settings, replication }: StartupOptions,
  defaults: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(settings)) checkSetting(name, value)
  const given = new Set(Object.keys(settings).map((name) => name.toLowerCase()))
  const others = Object.entries(defaults).filter(([name]) => !given.has(name.toLowerCase()))
  const shownName = applicationName ?? fallbackApplicationName
  return Object.freeze({
    user,
    database,
    client_encoding: 'UTF8',
    ...(shownName !== undefined && { application_name: shownName }),
    ...(options !== undefined && { options }),
    ...(replication !== false && { replication: String(replication) }),
    ...Object.fromEntries(others),
    ...settings,
  })
}

function checkSetting(name: string, value: string): void {
  const option = `settings.${name}`
  if (name === '') throw optionError(TypeError, option, 'a setting has an empty name')
  // The server takes these for something other than settings.
  if (/^(user|database|replication|_pq_\..*)$/.test(name)) {
    throw optionError(TypeError, option, `option "${option}" is no setting of the server's`)
  }
  if (name.toLowerCase() === 'client_encoding' && !/^utf-?8$/i.test(value)) {
    throw optionError(TypeError, option, `option "${option}" must be UTF8`)
  }
}

/** Variables that stand for a setting of the server, as in libpq; `default` leaves the server's own. */
export const ENVIRONMENT_SETTINGS: Readonly<Record<string, string>> = {
  PGDATESTYLE: 'DateStyle',
  PGGEQO: 'geqo',
  PGTZ: 'TimeZone',
}

/**
 * The settings of the session that the environment asks for.
 * @throws {OptionError} for a DateStyle in which dates in text could not be read back.
 * @see EnvironmentOptions in src/interfaces/libpq/fe-connect.c
 */
export function environmentSettings(environment: Environment): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {}
  for (const [variable, setting] of Object.entries(ENVIRONMENT_SETTINGS)) {
    const value = environment[variable]
    if (value === undefined || value === '' || value.toLowerCase() === 'default') continue
    const label = `environment variable ${variable}`
    withoutNul(value, { option: variable, label })
    if (variable === 'PGDATESTYLE' && /sql|postgres|german/i.test(value)) {
      throw optionError(
        TypeError,
        variable,
        `${label} must be ISO, with any order of day and month`,
      )
    }
    settings[setting] = value
  }
  return settings
}
