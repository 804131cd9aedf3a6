import type { TargetSessionAttrs } from '../config/connect-options.js'
import { SettingRequest } from './requests/setting.js'
import type { WireConnection } from './wire-connection.js'

/** What the option `targetSessionAttrs` asks about a server and a session on it. */
export interface ServerRole {
  /** It follows another server, or is being restored. */
  readonly isStandby: boolean
  /** Transactions cannot write, unless they say so themselves; on a standby never. */
  readonly isReadOnly: boolean
}

/** Why a server does not serve, in words; undefined when it does. `prefer-standby` is a matter of order and takes any. */
export function whyUnfit(role: ServerRole, wanted: TargetSessionAttrs): string | undefined {
  switch (wanted) {
    case 'any':
    case 'prefer-standby':
      return undefined
    case 'read-write':
      return role.isReadOnly ? 'it is read-only' : undefined
    case 'read-only':
      return role.isReadOnly ? undefined : 'it is not read-only'
    case 'primary':
      return role.isStandby ? 'it is a standby' : undefined
    case 'standby':
      return role.isStandby ? undefined : 'it is not a standby'
  }
}

/** Both answers in one text, such as `false,off`. */
const ROLE_QUERY =
  "SELECT pg_catalog.pg_is_in_recovery() || ',' || pg_catalog.current_setting('transaction_read_only')"

/**
 * Gives the role of the server of a connection that has just become ready: from what it reported at
 * startup (PostgreSQL 14+), else by asking it. Poolers in between often leave the report out.
 */
export async function readServerRole(wire: WireConnection): Promise<ServerRole> {
  const { parameters } = wire.session
  const inHotStandby = parameters.get('in_hot_standby')
  const defaultReadOnly = parameters.get('default_transaction_read_only')
  if (inHotStandby !== undefined && defaultReadOnly !== undefined) {
    const isStandby = inHotStandby === 'on'
    return { isStandby, isReadOnly: isStandby || defaultReadOnly === 'on' }
  }
  const request = new SettingRequest(ROLE_QUERY)
  wire.submit(request)
  const [isInRecovery, readOnly] = (await request.promise).split(',')
  return { isStandby: isInRecovery === 'true', isReadOnly: readOnly === 'on' }
}
