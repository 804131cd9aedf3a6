/** Where a connection is in its life. */
export type ConnectionState = 'starting' | 'ready' | 'closing' | 'closed'

/** What moves it on. */
export type ConnectionEvent = 'started' | 'close' | 'lost'

/**
 * The transitions; an event not listed for a state is a defect. What is not a state: busy is a
 * pipeline that is not empty, and whether a transaction is open the session knows.
 */
const transitions: Readonly<
  Record<ConnectionState, Partial<Record<ConnectionEvent, ConnectionState>>>
> = {
  starting: { started: 'ready', lost: 'closed' },
  ready: { close: 'closing', lost: 'closed' },
  closing: { lost: 'closed' },
  closed: {},
}

/** The state after `event`, or undefined where the table has no such transition. */
export function nextState(
  state: ConnectionState,
  event: ConnectionEvent,
): ConnectionState | undefined {
  return transitions[state][event]
}
