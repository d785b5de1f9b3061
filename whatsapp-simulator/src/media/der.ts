/** The few pieces of DER (ITU-T X.690) that an X.509 certificate is made of. */
const element = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), length(body.length), body])
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size])
  const digits = size < 0x100 ? 1 : 2
  const encoded = Buffer.alloc(1 + digits)
  encoded[0] = 0x80 | digits
  encoded.writeUIntBE(size, 1, digits)
  return encoded
}

export const sequence = (...parts: Uint8Array[]): Buffer => element(0x30, ...parts)
export const set = (...parts: Uint8Array[]): Buffer => element(0x31, ...parts)
export const octets = (bytes: Uint8Array): Buffer => element(0x04, bytes)
export const bits = (bytes: Uint8Array): Buffer => element(0x03, Buffer.from([0]), bytes)
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text))
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]))

/** A positive integer, big-endian, in the fewest bytes: DER allows no leading zero but the one that keeps the sign. */
export function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = bytes.subarray(start < 0 ? bytes.length - 1 : start)
  return element(0x02, (digits[0] ?? 0) & 0x80 ? Buffer.from([0]) : Buffer.alloc(0), digits)
}

/** `[n]` with the given content: constructed (explicit) or primitive (implicit). */
export const tagged = (n: number, bytes: Uint8Array, constructed: boolean): Buffer =>
  element((constructed ? 0xa0 : 0x80) | n, bytes)

/** UTCTime, `YYMMDDHHMMSSZ`: right for years up to 2049. */
export const utcTime = (date: Date): Buffer =>
  element(
    0x17,
    Buffer.from(
      `${date
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2)}`,
    ),
  )

/** An object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80)
  return digits
}
