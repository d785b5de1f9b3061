/** A setting is wrong. The message names it and shows an example that works. */
export class ConfigError extends Error {}

/** The data directory cannot be used as it is; nothing in it was changed. The message says what to do. */
export class DataError extends Error {}

/** An HTTP answer that is not 2xx; its body is the contract's `BridgeError`. */
export class HttpError extends Error {
  readonly status: number
  /** A stable word for programs, such as `not_connected`. */
  readonly error: string
  /** WhatsApp's own number, such as 463. */
  readonly code: number | undefined
  /** Seconds for `Retry-After`. */
  readonly retryAfter: number | undefined

  constructor(
    status: number,
    error: string,
    message: string,
    more: { code?: number; retryAfter?: number } = {},
  ) {
    super(message)
    this.status = status
    this.error = error
    this.code = more.code
    this.retryAfter = more.retryAfter
  }
}

/** Return the message of anything that was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
