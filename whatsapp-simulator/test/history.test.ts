import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { proto } from 'baileys'
import { Bridge } from './bridge.ts'
import { Rig, type SimulatedPhone } from './rig.ts'

const { HistorySyncType } = proto.HistorySync

describe('history', () => {
  let rig: Rig
  let cleo: SimulatedPhone
  let ann: SimulatedPhone
  let bob: SimulatedPhone
  let bridge: Bridge

  before(async () => {
    rig = await Rig.start()
    cleo = await rig.phone('15550000000', { name: 'Cleo' })
    ann = await rig.phone('15551234567', { name: 'Ann' })
    bob = await rig.phone('15557654321', { name: 'Bob' })
    bridge = await Bridge.linked(rig, cleo)
    await bridge.hears('messaging-history.set')
  })
  after(() => rig.stop())

  for (const mode of ['inline', 'blob']) {
    test(`a phone tells the past, ${mode}`, async () => {
      const other = mode === 'inline' ? ann : bob
      bridge.forget()
      const messages = [
        { text: `old ${mode}`, id: `H${mode}`, at: 1_700_000_000_000 },
        { text: 'mine', fromMe: true },
      ]
      await rig.post(cleo.path('history'), {
        mode,
        conversations: [{ with: other.number, name: 'Other', messages }],
      })
      const told = await bridge.hears('messaging-history.set')
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
    bridge.forget()
    const messages = [1, 2, 3, 4].map((n) => ({
      id: `A${n}`,
      text: `archived ${n}`,
      at: 1_600_000_000_000 + n * 1000,
    }))
    await rig.post(cleo.path('history'), {
      mode: 'on-demand',
      conversations: [{ with: ann.number, messages }],
    })
    const key = { remoteJid: ann.jid, id: 'A4', fromMe: false }
    const request = await bridge.socket.fetchMessageHistory(2, key, 1_600_000_004_000)
    const told = await bridge.hears('messaging-history.set')
    assert.equal(told.peerDataRequestSessionId, request)
    assert.equal(told.syncType, HistorySyncType.ON_DEMAND)
    assert.deepEqual(
      told.messages.map(({ key: { id } }) => id),
      ['A3', 'A2'],
    )
  })

  test('the content of a message that came without any is asked of the own phone', async () => {
    await ann.send({ to: cleo.number, text: 'from an advertisement', absent: true })
    await bridge.gets((one) => one.messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT)
    await bridge.getsText('from an advertisement', 12_000)
  })
})
