import { clock } from '../clock.ts'

/** Later than any moment that a message can have (2096). */
const LATEST_SECONDS = 4_000_000_000

/** Return a stanza's time in Unix milliseconds; now, when it says none that makes sense. */
export function timestampOf(seconds: string | number | undefined): number {
  const value = Number(seconds || Number.NaN)
  return value > 0 && value < LATEST_SECONDS ? Math.floor(value * 1000) : clock.now()
}
