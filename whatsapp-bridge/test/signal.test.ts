import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AuthenticationCreds,
  addTransactionCapability,
  Curve,
  generateSignalPubKey,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalKeyStore,
  type SignalRepositoryWithLIDStore,
} from 'baileys'
import { AuthStore } from '../src/account/auth-store.ts'
import { durableSignal } from '../src/account/signal.ts'
import { Journal } from '../src/inbound/journal.ts'
import { baileysLogger, openLog, silenceConsole } from '../src/log.ts'
import { AccountRows } from '../src/store/account-rows.ts'
import { Database } from '../src/store/database.ts'
import { cleanUp, temporaryDirectory } from './harness.ts'

after(cleanUp)
silenceConsole()
const logger = baileysLogger(openLog('silent'))

type Party = {
  jid: string
  /** Ids of messages whose key is gone. */
  lost: string[]
  signal: ReturnType<typeof durableSignal>
  creds: AuthenticationCreds
  keys: SignalKeyStore
  repository: SignalRepositoryWithLIDStore
}

let parties = 0
/** A party on our own store. Its disk is slow, so that whatever is not locked out comes in between. */
function party(): Party {
  parties += 1
  const jid = `${parties}@s.whatsapp.net` // libsignal queues by address, over all parties of a process
  const rows = new AccountRows(new Database(temporaryDirectory()))
  const journal = new Journal(rows)
  const { creds, state } = new AuthStore(rows, journal)
  const slow: SignalKeyStore = {
    get: async (type, ids) => {
      await sleep(Math.random() * 3)
      return state.keys.get(type, ids)
    },
    set: async (data: SignalDataSet) => {
      const copy = structuredClone(data)
      await sleep(Math.random() * 3)
      await state.keys.set(copy)
    },
  }
  const keys = addTransactionCapability(slow, logger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 })
  const lost: string[] = []
  const onLost = ({ id }: Record<string, string>) => void lost.push(id ?? '')
  const signal = durableSignal(journal, () => jid, { onCommit: () => {}, onLost })
  return { jid, lost, signal, creds, keys, repository: signal.makeSignalRepository({ creds, keys }, logger) }
}

let nextPreKey = 1
/** Open a session from `from` to `to` with a fresh prekey of `to`. */
async function open(from: Party, to: Party): Promise<void> {
  const keyId = nextPreKey++
  const pair = Curve.generateKeyPair()
  await to.keys.set({ 'pre-key': { [keyId]: pair } })
  const { signedPreKey, signedIdentityKey, registrationId } = to.creds
  await from.repository.injectE2ESession({
    jid: to.jid,
    session: {
      registrationId,
      identityKey: generateSignalPubKey(signedIdentityKey.public),
      signedPreKey: {
        keyId: signedPreKey.keyId,
        publicKey: generateSignalPubKey(signedPreKey.keyPair.public),
        signature: signedPreKey.signature,
      },
      preKey: { keyId, publicKey: generateSignalPubKey(pair.public) },
    },
  })
}

type Sealed = Awaited<ReturnType<SignalRepositoryWithLIDStore['encryptMessage']>>

const seal = (from: Party, to: Party, text: string): Promise<Sealed> =>
  from.repository.encryptMessage({ jid: to.jid, data: Buffer.from(text) })

const unseal = async (to: Party, from: Party, { type, ciphertext }: Sealed): Promise<string> =>
  Buffer.from(await to.repository.decryptMessage({ jid: from.jid, type, ciphertext })).toString()

/** Two sessions, and forty messages of which up to three are always under way. */
async function crossing(): Promise<void> {
  const [ours, theirs] = [party(), party()]
  await open(ours, theirs)
  await open(theirs, ours)
  const mail: { to: Party; from: Party; text: string; sealed: Sealed }[] = []
  const write = async (from: Party, to: Party, text: string) =>
    mail.push({ to, from, text, sealed: await seal(from, to, text) })
  const read = async (most: number) => {
    while (mail.length > most) {
      const next = mail.shift()
      if (next) assert.equal(await unseal(next.to, next.from, next.sealed), next.text)
    }
  }
  await write(ours, theirs, 'first of ours')
  await write(theirs, ours, 'first of theirs')
  for (let step = 0; step < 40; step += 1) {
    await (Math.random() < 0.5 ? write(ours, theirs, `${step}`) : write(theirs, ours, `${step}`))
    await read(3 * Math.random())
  }
  await read(0)
}

test('sessions that cross: a message on either of them is readable, whichever was tried first', async () => {
  await Promise.all([crossing(), crossing(), crossing(), crossing()])
})

test('sending and receiving at once do not overwrite each other’s ratchet', async () => {
  const [ours, theirs] = [party(), party()]
  await open(ours, theirs)
  assert.equal(await unseal(theirs, ours, await seal(ours, theirs, 'hello')), 'hello')
  assert.equal(await unseal(ours, theirs, await seal(theirs, ours, 'hello back')), 'hello back')
  const talk = async (from: Party, to: Party, name: string) => {
    for (let index = 0; index < 40; index += 1)
      assert.equal(await unseal(to, from, await seal(from, to, `${name} ${index}`)), `${name} ${index}`)
  }
  await Promise.all([talk(ours, theirs, 'ours'), talk(theirs, ours, 'theirs')])
})

test('a new identity is made once: what is stored is what comes back', () => {
  const rows = new AccountRows(new Database(temporaryDirectory()))
  const store = new AuthStore(rows, new Journal(rows))
  assert.ok(!store.linked && !store.pairingUnfinished)
  store.save()
  const again = new AuthStore(rows, new Journal(rows))
  assert.deepEqual(again.creds.registrationId, store.creds.registrationId)
  assert.deepEqual(Buffer.from(again.creds.noiseKey.private), Buffer.from(store.creds.noiseKey.private))
  assert.notDeepEqual(initAuthCreds().noiseKey.private, store.creds.noiseKey.private)
})

test('a ciphertext whose key is gone is told; one that comes again is answered from the journal', async () => {
  const [ours, theirs] = [party(), party()]
  await open(theirs, ours)
  const message = Buffer.concat([proto.Message.encode({ conversation: 'once' }).finish(), Buffer.from([1])])
  const { type, ciphertext } = await theirs.repository.encryptMessage({ jid: ours.jid, data: message })
  const receive = (id: string) => {
    const content = Buffer.from(ciphertext)
    ours.signal.onMessage({
      tag: 'message',
      attrs: { from: theirs.jid, id },
      content: [{ tag: 'enc', attrs: {}, content }],
    })
    return ours.repository.decryptMessage({ jid: theirs.jid, type, ciphertext: content })
  }
  for (const id of ['FIRST', 'FIRST']) assert.deepEqual(Buffer.from(await receive(id)), message)
  assert.deepEqual(ours.lost, [])
  await assert.rejects(receive('SECOND'), /Key used already/)
  assert.deepEqual(ours.lost, ['SECOND'])
})
