/**
 * A QR code (ISO/IEC 18004) for a terminal: byte mode, error correction level L, versions 1–20. Enough for WhatsApp's
 * linking text of some 270 bytes; no library for one picture.
 */

/** Per version: error correction codewords in each block, and the number of blocks. */
const BLOCKS: readonly (readonly [ecc: number, blocks: number])[] = [
  [7, 1], [10, 1], [15, 1], [20, 1], [26, 1], [18, 2], [20, 2], [24, 2], [30, 2], [18, 4],
  [20, 4], [24, 4], [26, 4], [30, 4], [22, 6], [24, 6], [28, 6], [30, 6], [28, 7], [28, 8],
] // biome-ignore format: a table
const LEVEL_L = 0b01
const QUIET = 2

/** Dark modules are `true`. */
type Grid = boolean[][]
type Mask = (row: number, column: number) => boolean

const MASKS: readonly Mask[] = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
]

/** Draws with half blocks, black on white whatever the terminal's colours are. */
export function drawQr(text: string): string {
  const grid = encodeQr(text)
  const dark = (row: number, column: number) => grid[row]?.[column] === true
  const lines: string[] = []
  for (let row = -QUIET; row < grid.length + QUIET; row += 2) {
    let line = ''
    for (let column = -QUIET; column < grid.length + QUIET; column += 1)
      line += [' ', '▄', '▀', '█'][Number(dark(row, column)) * 2 + Number(dark(row + 1, column))]
    lines.push(`\u001b[30;107m${line}\u001b[0m`)
  }
  return lines.join('\n')
}

/** @throws when the text is longer than version 20 holds (858 bytes). */
export function encodeQr(text: string): Grid {
  const data = new TextEncoder().encode(text)
  const version = versionFor(data.length)
  const bits = interleaved(codewords(data, version), version)
  const { grid, fixed } = blank(version)
  const candidates = MASKS.map((mask, index) => masked(grid, fixed, bits, mask, index))
  return candidates.reduce((best, other) => (penalty(other) < penalty(best) ? other : best))
}

/** All codewords of a version: what the function patterns leave free. */
function capacity(version: number): number {
  const aligned = version < 2 ? 0 : Math.floor(version / 7) + 2
  const patterns = aligned ? (25 * aligned - 10) * aligned - 55 : 0
  return Math.floor(((16 * version + 128) * version + 64 - patterns - (version >= 7 ? 36 : 0)) / 8)
}

function dataCapacity(version: number): number {
  const [ecc, blocks] = BLOCKS[version - 1] ?? [0, 0]
  return capacity(version) - ecc * blocks
}

const lengthBits = (version: number): number => (version < 10 ? 8 : 16)

function versionFor(bytes: number): number {
  for (let version = 1; version <= BLOCKS.length; version += 1)
    if (4 + lengthBits(version) + bytes * 8 <= dataCapacity(version) * 8) return version
  throw new RangeError('the text is too long for a QR code in a terminal')
}

function codewords(data: Uint8Array, version: number): number[] {
  const width = lengthBits(version)
  const bits = `0100${data.length.toString(2).padStart(width, '0')}${[...data].map((byte) => byte.toString(2).padStart(8, '0')).join('')}`
  const size = dataCapacity(version)
  const closed = bits.padEnd(Math.min(bits.length + 4, size * 8), '0')
  const whole = closed.padEnd(Math.ceil(closed.length / 8) * 8, '0')
  const words = (whole.match(/.{8}/g) ?? []).map((word) => Number.parseInt(word, 2))
  for (let pad = 0; words.length < size; pad += 1) words.push(pad % 2 ? 0x11 : 0xec)
  return words
}

/** Cuts the data into blocks, adds each block's error correction, and takes them turn by turn. */
function interleaved(words: number[], version: number): string {
  const [ecc, blocks] = BLOCKS[version - 1] ?? [0, 1]
  const short = Math.floor(words.length / blocks)
  const longer = words.length % blocks
  const parts: number[][] = []
  for (let block = 0, at = 0; block < blocks; block += 1) {
    const length = short + (block >= blocks - longer ? 1 : 0)
    parts.push(words.slice(at, at + length))
    at += length
  }
  const checks = parts.map((part) => remainder(part, generator(ecc)))
  const turns = [...byTurns(parts), ...byTurns(checks)]
  return turns.map((word) => word.toString(2).padStart(8, '0')).join('')
}

function byTurns(parts: number[][]): number[] {
  const longest = Math.max(...parts.map((part) => part.length))
  return Array.from({ length: longest }, (_, index) => parts.flatMap((part) => part[index] ?? [])).flat()
}

/** Multiplication in GF(256) modulo x⁸+x⁴+x³+x²+1. */
function times(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d)
    product ^= ((b >> bit) & 1) * a
  }
  return product
}

function generator(degree: number): number[] {
  let polynomial = [1]
  for (let index = 0, root = 1; index < degree; index += 1, root = times(root, 2)) {
    const next = [...polynomial, 0]
    for (const [at, factor] of polynomial.entries()) next[at + 1] = (next[at + 1] ?? 0) ^ times(factor, root)
    polynomial = next
  }
  return polynomial.slice(1)
}

function remainder(data: number[], divisor: number[]): number[] {
  const rest = divisor.map(() => 0)
  for (const word of data) {
    const factor = word ^ (rest.shift() ?? 0)
    rest.push(0)
    for (const [at, coefficient] of divisor.entries()) rest[at] = (rest[at] ?? 0) ^ times(coefficient, factor)
  }
  return rest
}

/** The function patterns of a version, and which modules they take. */
function blank(version: number): { grid: Grid; fixed: Grid } {
  const size = version * 4 + 17
  const square = (): Grid => Array.from({ length: size }, () => Array<boolean>(size).fill(false))
  const [grid, fixed] = [square(), square()]
  const set = (row: number, column: number, dark: boolean) => {
    put(grid, row, column, dark)
    put(fixed, row, column, true)
  }
  for (let at = 0; at < size; at += 1) {
    set(6, at, at % 2 === 0)
    set(at, 6, at % 2 === 0)
  }
  for (const [row, column] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const)
    rings(row, column, 4, (distance) => distance !== 2 && distance !== 4, set)
  for (const [row, column] of alignments(version, size))
    rings(row, column, 2, (distance) => distance !== 1, set)
  for (const [row, column] of formatPlaces(size).flat()) set(row, column, false)
  set(size - 8, 8, true)
  if (version >= 7) writeVersion(version, size, set)
  return { grid, fixed }
}

type Set = (row: number, column: number, dark: boolean) => void

function put(grid: Grid, row: number, column: number, value: boolean): void {
  const line = grid[row]
  if (line && column in line) line[column] = value
}

/** Concentric squares around a centre, dark where `dark` says so for the distance. */
function rings(
  row: number,
  column: number,
  reach: number,
  dark: (distance: number) => boolean,
  set: Set,
): void {
  for (let down = -reach; down <= reach; down += 1)
    for (let right = -reach; right <= reach; right += 1)
      set(row + down, column + right, dark(Math.max(Math.abs(down), Math.abs(right))))
}

function alignments(version: number, size: number): [number, number][] {
  if (version < 2) return []
  const count = Math.floor(version / 7) + 2
  const step = Math.floor((version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2
  const places = [
    6,
    ...Array.from({ length: count - 1 }, (_, index) => size - 7 - (count - 2 - index) * step),
  ]
  const last = places.at(-1)
  return places
    .flatMap((row) => places.map((column): [number, number] => [row, column]))
    .filter(
      ([row, column]) =>
        !(row === 6 && column === 6) && !(row === 6 && column === last) && !(row === last && column === 6),
    )
}

/** Where the 15 format bits go, twice; least significant bit first. */
function formatPlaces(size: number): [[number, number][], [number, number][]] {
  const along = [0, 1, 2, 3, 4, 5, 7, 8]
  const first: [number, number][] = [
    ...along.map((row): [number, number] => [row, 8]),
    ...[7, 5, 4, 3, 2, 1, 0].map((column): [number, number] => [8, column]),
  ]
  const second: [number, number][] = [
    ...Array.from({ length: 8 }, (_, index): [number, number] => [8, size - 1 - index]),
    ...Array.from({ length: 7 }, (_, index): [number, number] => [size - 7 + index, 8]),
  ]
  return [first, second]
}

function writeFormat(grid: Grid, mask: number): void {
  const data = (LEVEL_L << 3) | mask
  const bits = ((data << 10) | check(data, 10, 0x537)) ^ 0x5412
  for (const places of formatPlaces(grid.length))
    for (const [index, [row, column]] of places.entries()) put(grid, row, column, ((bits >> index) & 1) === 1)
}

function writeVersion(version: number, size: number, set: Set): void {
  const bits = (version << 12) | check(version, 12, 0x1f25)
  for (let index = 0; index < 18; index += 1) {
    const dark = ((bits >> index) & 1) === 1
    const [long, short] = [size - 11 + (index % 3), Math.floor(index / 3)]
    set(long, short, dark)
    set(short, long, dark)
  }
}

/** The remainder of a BCH code. */
function check(data: number, length: number, polynomial: number): number {
  let rest = data
  for (let index = 0; index < length; index += 1) rest = (rest << 1) ^ ((rest >> (length - 1)) * polynomial)
  return rest & ((1 << length) - 1)
}

function masked(blankGrid: Grid, fixed: Grid, bits: string, mask: Mask, index: number): Grid {
  const grid = blankGrid.map((line) => [...line])
  let at = 0
  for (const [row, column] of zigzag(grid.length)) {
    if (fixed[row]?.[column]) continue
    put(grid, row, column, (bits[at] === '1') !== mask(row, column))
    at += 1
  }
  writeFormat(grid, index)
  return grid
}

/** Two columns at a time from the right, upwards and downwards in turn; the timing column is left out. */
function* zigzag(size: number): Generator<[number, number]> {
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5
    for (let step = 0; step < size; step += 1)
      for (const column of [right, right - 1]) yield [up ? size - 1 - step : step, column]
  }
}

/** How hard a picture is to scan: long runs and squares of one colour, an uneven balance. */
function penalty(grid: Grid): number {
  const columns = grid.map((_, column) => grid.map((line) => line[column] === true))
  const dark = grid.flat().filter(Boolean).length
  const balance = Math.floor(Math.abs((dark * 20) / grid.length ** 2 - 10)) * 10
  return runs(grid) + runs(columns) + squares(grid) + balance
}

function runs(grid: Grid): number {
  const text = grid.map((line) => line.map(Number).join('')).join('|')
  return (text.match(/0{5,}|1{5,}/g) ?? []).reduce((sum, run) => sum + run.length - 2, 0)
}

function squares(grid: Grid): number {
  let sum = 0
  for (const [row, line] of grid.entries())
    for (const [column, dark] of line.entries()) {
      const below = grid[row + 1]
      if (dark === line[column + 1] && dark === below?.[column] && dark === below[column + 1]) sum += 3
    }
  return sum
}
