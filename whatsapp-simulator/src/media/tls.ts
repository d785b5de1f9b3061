import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { clock } from '../clock.ts'
import { bits, boolean, integer, octets, oid, sequence, set, tagged, utcTime, utf8 } from './der.ts'

/** PEM texts: the authority to trust, and what an HTTPS server for 127.0.0.1 and localhost serves. */
export type Tls = { ca: string; certificate: string; key: string }

const DAY = 86_400_000
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const name = (commonName: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))))
const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  critical ? sequence(oid(id), boolean(true), octets(value)) : sequence(oid(id), octets(value))

/** RFC 5280 §4.2.1.9 and §4.2.1.3: may sign certificates (keyCertSign, cRLSign). */
const AUTHORITY = [
  extension('2.5.29.19', true, sequence(boolean(true))),
  extension('2.5.29.15', true, Buffer.from([0x03, 0x02, 0x01, 0x06])),
]

/** RFC 5280 §4.2.1.6 and §4.2.1.12: a TLS server called localhost, 127.0.0.1 and ::1, and as WhatsApp's. */
const SERVER = [
  extension('2.5.29.19', true, sequence()),
  extension('2.5.29.15', true, Buffer.from([0x03, 0x02, 0x07, 0x80])),
  extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
  extension(
    '2.5.29.17',
    false,
    sequence(
      tagged(2, Buffer.from('localhost'), false),
      tagged(2, Buffer.from('mmg.whatsapp.net'), false),
      tagged(2, Buffer.from('web.whatsapp.com'), false),
      tagged(7, Buffer.from([127, 0, 0, 1]), false),
      tagged(7, Buffer.from([...new Uint8Array(15), 1]), false),
    ),
  ),
]

/** Make a certificate authority and a server certificate signed by it, both ECDSA P-256. Node itself cannot issue X.509. */
export function makeTls(): Tls {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = { issuer: name('Cleo simulator CA'), signer: authority.privateKey }
  const ca = issue({
    ...issuer,
    subject: name('Cleo simulator CA'),
    publicKey: authority.publicKey,
    extensions: AUTHORITY,
  })
  const leaf = issue({
    ...issuer,
    subject: name('localhost'),
    publicKey: server.publicKey,
    extensions: SERVER,
  })
  return {
    ca: pem(ca),
    certificate: pem(leaf),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

type Request = {
  issuer: Buffer
  subject: Buffer
  signer: KeyObject
  publicKey: KeyObject
  extensions: Buffer[]
}

/** RFC 5280 §4.1: `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }`. */
function issue(request: Request): Buffer {
  const now = clock.millis()
  const body = sequence(
    tagged(0, integer(Buffer.from([2])), true),
    integer(randomBytes(16)),
    ECDSA_SHA256,
    request.issuer,
    sequence(utcTime(new Date(now - DAY)), utcTime(new Date(now + 3650 * DAY))),
    request.subject,
    request.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...request.extensions), true),
  )
  return sequence(body, ECDSA_SHA256, bits(sign('sha256', body, request.signer)))
}

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`
