import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { LinkAnswer } from '../src/contract.ts'
import { StatusOutput } from '../src/status-output.ts'

/** What a bridge shows of a link on a terminal, or writes into a pipe. */
async function shown(link: LinkAnswer, isTTY: boolean): Promise<string> {
  let text = ''
  const write = (part: string) => {
    text += part
    return true
  }
  await new StatusOutput({ isTTY, write, on: () => {} } as unknown as NodeJS.WriteStream).link(link)
  return text
}

const message = 'Scan this QR code.'
const qr = `https://wa.me/settings/linked_devices#${'x'.repeat(230)}`

/** Rows of modules, dark ones as 1: each character is two of them, one above the other. */
function modules(picture: string): string[] {
  const blackOnWhite = picture.split('\n').filter((line) => line.startsWith('\u001b[97;40m'))
  const lines = blackOnWhite.map(stripVTControlCharacters)
  const half = (line: string, dark: string) => [...line].map((glyph) => Number(dark.includes(glyph))).join('')
  return lines.flatMap((line) => [half(line, ' ▄'), half(line, ' ▀')])
}

test('on a terminal the QR code is drawn black on white, whole, with its quiet zone', async () => {
  const rows = modules(await shown({ state: 'qr', qr, secondsLeft: 60, message }, true))
  const [quiet, size] = [2, 57]
  const code = rows.slice(quiet, quiet + size).map((row) => row.slice(quiet, quiet + size))
  assert.equal(rows[0], '0'.repeat(size + 2 * quiet))
  const finder = ['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111']
  for (const [row, column] of [
    [0, 0],
    [0, size - 7],
    [size - 7, 0],
  ] as const)
    assert.deepEqual(
      code.slice(row, row + 7).map((line) => line.slice(column, column + 7)),
      finder,
    )
  const other = modules(await shown({ state: 'qr', qr: `${qr}y`, secondsLeft: 60, message }, true))
  assert.notDeepEqual(rows, other)
})

test('a pairing code is shown as people read it, and a pipe gets neither code nor picture', async () => {
  const code: LinkAnswer = { state: 'code', code: 'ABCD1234', secondsLeft: 160, message }
  assert.match(await shown(code, true), /ABCD-1234/)
  for (const link of [code, { state: 'qr', qr, secondsLeft: 60, message } satisfies LinkAnswer]) {
    const line = await shown(link, false)
    assert.deepEqual(JSON.parse(line), { event: 'link', kind: link.state, secondsLeft: link.secondsLeft })
  }
})
