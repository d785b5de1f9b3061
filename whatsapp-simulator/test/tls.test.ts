import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { integer } from '../src/media/der.ts'
import { makeTls } from '../src/media/tls.ts'

test('certificates are valid whatever random serial they get', () => {
  for (let round = 0; round < 300; round += 1) {
    const { ca, certificate } = makeTls()
    const [authority, server] = [new X509Certificate(ca), new X509Certificate(certificate)]
    assert.ok(server.checkIssued(authority) && server.verify(authority.publicKey) && authority.ca)
    assert.ok(server.checkHost('localhost') && server.checkIP('127.0.0.1'))
  }
})

test('integers have no needless zeros, and one when the sign needs it', () => {
  const hex = (...bytes: number[]): string => integer(Buffer.from(bytes)).toString('hex')
  assert.deepEqual(
    [hex(0, 0, 5), hex(0x80), hex(0, 0x80, 1), hex(0)],
    ['020105', '02020080', '0203008001', '020100'],
  )
})
