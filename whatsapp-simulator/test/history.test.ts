import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { proto } from 'baileys'
import { Bridge } from './bridge.ts'
import { Harness, type SimulatedPhone } from './harness.ts'

const { HistorySyncType } = proto.HistorySync

describe('history', () => {
  let harness: Harness
  let cleo: SimulatedPhone
  let ann: SimulatedPhone
  let bob: SimulatedPhone
  let bridge: Bridge

  before(async () => {
    harness = await Harness.start()
    cleo = await harness.phone('15550000000', { name: 'Cleo' })
    ann = await harness.phone('15551234567', { name: 'Ann' })
    bob = await harness.phone('15557654321', { name: 'Bob' })
    bridge = await Bridge.linked(harness, cleo)
    await bridge.waitForEvent('messaging-history.set')
  })
  after(() => harness.stop())

  for (const mode of ['inline', 'blob']) {
    test(`a phone tells the past, ${mode}`, async () => {
      const other = mode === 'inline' ? ann : bob
      bridge.clearEvents()
      const messages = [
        { text: `old ${mode}`, id: `H${mode}`, at: 1_700_000_000_000 },
        { text: 'mine', fromMe: true },
      ]
      await harness.post(cleo.path('history'), {
        mode,
        conversations: [{ with: other.number, name: 'Other', messages }],
      })
      const told = await bridge.waitForEvent('messaging-history.set')
      assert.deepEqual(
        told.messages.map(({ message }) => message?.conversation),
        [`old ${mode}`, 'mine'],
      )
      assert.equal(told.chats[0]?.id, other.jid)
      assert.equal(told.syncType, HistorySyncType.RECENT)
      const lid = await bridge.socket.signalRepository.lidMapping.getLIDForPN(other.jid)
      assert.equal(lid, (await other.view()).lid)
    })
  }

  test('a client asks for older messages and gets what is older, and no more than it asked for', async () => {
    bridge.clearEvents()
    const messages = [1, 2, 3, 4].map((n) => ({
      id: `A${n}`,
      text: `archived ${n}`,
      at: 1_600_000_000_000 + n * 1000,
    }))
    await harness.post(cleo.path('history'), {
      mode: 'on-demand',
      conversations: [{ with: ann.number, messages }],
    })
    const key = { remoteJid: ann.jid, id: 'A4', fromMe: false }
    const request = await bridge.socket.fetchMessageHistory(2, key, 1_600_000_004_000)
    const told = await bridge.waitForEvent('messaging-history.set')
    assert.equal(told.peerDataRequestSessionId, request)
    assert.equal(told.syncType, HistorySyncType.ON_DEMAND)
    assert.deepEqual(
      told.messages.map(({ key: { id } }) => id),
      ['A3', 'A2'],
    )
  })

  test('the content of a message that came without any is asked of the own phone', async () => {
    await ann.send({ to: cleo.number, text: 'from an advertisement', absent: true })
    await bridge.waitForMessage((one) => one.messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT)
    await bridge.waitForText('from an advertisement', 12_000)
  })
})
