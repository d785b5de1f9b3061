import { readFile, stat } from 'node:fs/promises'

/** What WhatsApp shows of a voice note: its length, and 64 bars from 0 to 100. */
export type Sound = { seconds: number; waveform: Uint8Array }

const BARS = 64
const HIGHEST = 100
const FLAT = 40
/** A voice note of hours; a larger file is not looked at. */
const LARGEST_BYTES = 32 * 1024 * 1024

/** Read length and loudness of a file, Ogg Opus or WAV; `undefined`: it is neither. */
export async function readSound(path: string): Promise<Sound | undefined> {
  if ((await stat(path)).size > LARGEST_BYTES) return undefined
  const bytes = await readFile(path)
  return readOpus(bytes) ?? readWave(bytes)
}

/** Return bars of equal height, for a file whose sound is not known. */
export const flatWaveform = (): Uint8Array => new Uint8Array(BARS).fill(FLAT)

/** Read Ogg Opus. Its packets are as large as what they hold is loud and rich; silence needs next to nothing. */
function readOpus(bytes: Buffer): Sound | undefined {
  const pages = pagesIn(bytes)
  const head = pages[0]?.body
  if (head?.toString('latin1', 0, 8) !== 'OpusHead' || head.length < 12) return undefined
  const [, , ...sizes] = packetSizes(pages.flatMap(({ laces }) => laces)) // after head and tags
  const end = pages.reduce((latest, { granule }) => Math.max(latest, granule), 0)
  if (!sizes.length) return undefined
  const samples = end - head.readUInt16LE(10)
  return { seconds: Math.max(1, Math.round(samples / 48_000)), waveform: barsOf(sizes) }
}

type Page = { granule: number; laces: number[]; body: Buffer }

function pagesIn(bytes: Buffer): Page[] {
  const pages: Page[] = []
  for (let at = 0; bytes.toString('latin1', at, at + 4) === 'OggS' && at + 27 <= bytes.length; ) {
    const start = at + 27 + (bytes[at + 26] ?? 0)
    const laces = [...bytes.subarray(at + 27, start)]
    const end = laces.reduce((sum, lace) => sum + lace, start)
    pages.push({ granule: Number(bytes.readBigInt64LE(at + 6)), laces, body: bytes.subarray(start, end) })
    at = end
  }
  return pages
}

/** Return the sizes of packets from their parts; a part of 255 bytes goes on in the next one. */
function packetSizes(laces: number[]): number[] {
  const sizes: number[] = []
  let size = 0
  for (const lace of laces) {
    size += lace
    if (lace === 255) continue
    sizes.push(size)
    size = 0
  }
  return sizes
}

/** Read WAV with 16-bit samples. */
function readWave(bytes: Buffer): Sound | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    return undefined
  let bytesPerSecond = 0
  for (let at = 12; at + 8 <= bytes.length; ) {
    const [name, length] = [bytes.toString('latin1', at, at + 4), bytes.readUInt32LE(at + 4)]
    const start = at + 8
    if (name === 'fmt ' && start + 16 <= bytes.length) {
      if (bytes.readUInt16LE(start + 14) !== 16) return undefined
      bytesPerSecond = bytes.readUInt32LE(start + 8)
    }
    if (name === 'data' && bytesPerSecond) {
      const data = bytes.subarray(start, start + length)
      return {
        seconds: Math.max(1, Math.round(data.length / bytesPerSecond)),
        waveform: barsOf(samplesIn(data)),
      }
    }
    at = start + length + (length % 2)
  }
  return undefined
}

/** Return the loudness of the samples, of some of them when there are many. */
function samplesIn(data: Buffer): number[] {
  const count = Math.floor(data.length / 2)
  const step = Math.max(1, Math.floor(count / 64_000))
  return Array.from({ length: Math.floor(count / step) }, (_, index) =>
    Math.abs(data.readInt16LE(index * step * 2)),
  )
}

/** Average values into 64 bars, the lowest at 0 and the highest at 100. */
function barsOf(values: number[]): Uint8Array {
  const averages = Array.from({ length: BARS }, (_, bar) => {
    const from = Math.floor((bar * values.length) / BARS)
    const part = values.slice(from, Math.max(from + 1, Math.floor(((bar + 1) * values.length) / BARS)))
    return part.reduce((sum, value) => sum + value, 0) / Math.max(1, part.length)
  })
  const [lowest, highest] = [Math.min(...averages), Math.max(...averages)]
  if (!(highest > lowest)) return flatWaveform()
  return Uint8Array.from(averages, (value) => Math.round((HIGHEST * (value - lowest)) / (highest - lowest)))
}
