/** The simulator's only clock: WhatsApp's stanzas carry seconds, the control API milliseconds. */
export const clock = {
  millis: (): number => Date.now(),
  seconds: (): number => Math.floor(Date.now() / 1000),
  /** Return the seconds as a stanza attribute. */
  stamp: (): string => String(Math.floor(Date.now() / 1000)),
}

/** Wait `ms` milliseconds; keeps the process alive meanwhile. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
