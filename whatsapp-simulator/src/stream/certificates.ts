import { Curve, proto } from 'baileys'
import { clock } from '../clock.ts'

const DAY = 86_400
const { Details } = proto.CertChain.NoiseCertificate

/** The root key that signs the servers' Noise certificates. Clients pin its public half; tests pin ours (`trust.ts`). */
export class NoiseRoot {
  readonly #pair = Curve.generateKeyPair()

  get publicKey(): Buffer {
    return Buffer.from(this.#pair.public)
  }

  /** A chain root → intermediate → leaf for a server's static key, encoded as the Noise payload. */
  chainFor(serverKey: Uint8Array): Buffer {
    const validity = { notBefore: clock.seconds() - DAY, notAfter: clock.seconds() + 365 * DAY }
    const middle = Curve.generateKeyPair()
    const intermediate = Details.encode({
      serial: 1,
      issuerSerial: 0,
      key: middle.public,
      ...validity,
    }).finish()
    const leaf = Details.encode({ serial: 2, issuerSerial: 1, key: serverKey, ...validity }).finish()
    const chain = {
      intermediate: { details: intermediate, signature: Curve.sign(this.#pair.private, intermediate) },
      leaf: { details: leaf, signature: Curve.sign(middle.private, leaf) },
    }
    return Buffer.from(proto.CertChain.encode(chain).finish())
  }
}
