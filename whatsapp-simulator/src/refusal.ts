/** Something the caller of the control API asked for that cannot be: becomes its HTTP status and `{error}`. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'Refusal'
    this.status = status
  }
}
