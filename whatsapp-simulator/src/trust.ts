/**
 * Preload for a bridge under test: `node --import …/trust.ts bridge.ts`. Makes that process take the simulator for
 * WhatsApp: our Noise root instead of the pinned one, and our media host instead of `mmg.whatsapp.net` (history blobs
 * carry no URL, so Baileys always fetches them there) and of `web.whatsapp.com`. Without the two variables it changes nothing.
 */
import { DEF_MEDIA_HOST, WA_CERT_DETAILS } from 'baileys'
import { readTrust } from './config.ts'

const { noiseRoot, mediaHost } = readTrust()
if (noiseRoot) WA_CERT_DETAILS.PUBLIC_KEY = noiseRoot as typeof WA_CERT_DETAILS.PUBLIC_KEY

if (mediaHost) {
  const original = globalThis.fetch
  const pinned = [`https://${DEF_MEDIA_HOST}/`, 'https://web.whatsapp.com/']
  globalThis.fetch = (input, init) => {
    if (input instanceof Request) return original(input, init)
    const url = String(input)
    const origin = pinned.find((each) => url.startsWith(each))
    return original(origin ? `https://${mediaHost}/${url.slice(origin.length)}` : url, init)
  }
}
