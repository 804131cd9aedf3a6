import { optionError } from './option-error.js'

/** What {@link startupParameters} takes of the options. */
export interface StartupOptions {
  readonly applicationName: string | undefined
  readonly options: string | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly replication: boolean | 'database'
}

/**
 * Makes the parameters of the startup message. Settings win over the options that set the same.
 *
 * @throws {OptionError} for a setting that is none: another user, or an encoding that sluice does not read.
 * @see ProcessStartupPacket in src/backend/tcop/backend_startup.c
 */
export function startupParameters(
  user: string,
  database: string,
  { applicationName, options, settings, replication }: StartupOptions,
): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(settings)) checkSetting(name, value)
  return Object.freeze({
    user,
    database,
    client_encoding: 'UTF8',
    ...(applicationName !== undefined && { application_name: applicationName }),
    ...(options !== undefined && { options }),
    ...(replication !== false && { replication: String(replication) }),
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
