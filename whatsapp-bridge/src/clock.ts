/** The only reader of time. `now` is for people and for the disk (Unix milliseconds); `elapsed` never jumps. */
export const clock = {
  now: (): number => Date.now(),
  elapsed: (): number => performance.now(),
}
