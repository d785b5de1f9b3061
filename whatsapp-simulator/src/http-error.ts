/** An answer of the control API that is not 2xx: its status, and the message as `{error}`. */
export class HttpError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'HttpError'
    this.status = status
  }
}
