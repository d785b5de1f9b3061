/** Return the wait before an attempt, in milliseconds: exponential backoff with full jitter. */
export const backoffMs = (attempt: number, firstMs: number, longestMs: number): number =>
  Math.random() * Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 10))
