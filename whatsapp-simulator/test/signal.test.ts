import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Companion } from '../src/accounts/companion.ts'
import { SignalEnd } from '../src/accounts/signal.ts'
import { silenceConsole } from '../src/log.ts'

silenceConsole()

/** An end as the other side addresses it, with the keys that the server would hand out. */
function addressOf(end: SignalEnd, number: string): Companion {
  const { registrationId, signedPreKey, signedIdentityKey } = end.creds
  return new Companion({ number, lidUser: `1${number}` }, 1, Buffer.alloc(32), {
    registrationId,
    identity: Buffer.from(signedIdentityKey.public),
    signedPreKey: {
      id: signedPreKey.keyId,
      key: Buffer.from(signedPreKey.keyPair.public),
      signature: Buffer.from(signedPreKey.signature),
    },
  })
}

test('first messages that cross make two sessions; both ends go on reading on either of them', async () => {
  const [left, right] = [new SignalEnd(), new SignalEnd()]
  const [toLeft, toRight] = [addressOf(left, '15550000001'), addressOf(right, '15550000002')]
  const first = await left.encrypt(toRight, { conversation: 'first from left' })
  const crossing = await right.encrypt(toLeft, { conversation: 'first from right' })
  assert.deepEqual([first.type, crossing.type], ['pkmsg', 'pkmsg'])
  assert.equal((await left.decrypt(toRight, crossing)).conversation, 'first from right')
  assert.equal((await right.decrypt(toLeft, first)).conversation, 'first from left')
  for (let round = 0; round < 10; round += 1) {
    const there = await left.encrypt(toRight, { conversation: `there ${round}` })
    const back = await right.encrypt(toLeft, { conversation: `back ${round}` })
    assert.equal((await right.decrypt(toLeft, there)).conversation, `there ${round}`)
    assert.equal((await left.decrypt(toRight, back)).conversation, `back ${round}`)
  }
})

test('a damaged message is refused and spoils nothing', async () => {
  const [left, right] = [new SignalEnd(), new SignalEnd()]
  const [toLeft, toRight] = [addressOf(left, '15550000001'), addressOf(right, '15550000002')]
  await right.decrypt(toLeft, await left.encrypt(toRight, { conversation: 'hello' }))
  await left.decrypt(toRight, await right.encrypt(toLeft, { conversation: 'hello yourself' }))
  const { type, ciphertext } = await left.encrypt(toRight, { conversation: 'damaged' })
  const damaged = Buffer.from(ciphertext)
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
  await assert.rejects(right.decrypt(toLeft, { type, ciphertext: damaged }))
  assert.equal((await right.decrypt(toLeft, { type, ciphertext })).conversation, 'damaged')
})
