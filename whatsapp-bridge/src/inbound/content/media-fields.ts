import type { proto } from 'baileys'
import type { Media, Place } from '../../contract.ts'
import { clip } from './words.ts'

const MAX_LABEL = 1024

type Attachment = {
  mimetype?: string | null
  fileLength?: number | { toNumber(): number } | null
  fileSha256?: Uint8Array | null
  seconds?: number | null
}

/** Return what a message says about its file; the address is set at delivery. */
export function attachment(it: Attachment, filename?: string | null): { media: Omit<Media, 'url'> } {
  const media: Omit<Media, 'url'> = {}
  if (it.mimetype) media.mimetype = clip(it.mimetype, MAX_LABEL)
  if (filename) media.filename = clip(filename, MAX_LABEL)
  const size = Number(it.fileLength ?? 0)
  if (Number.isSafeInteger(size) && size > 0) media.size = size
  if (it.fileSha256?.length === 32) media.sha256 = Buffer.from(it.fileSha256).toString('hex')
  if (it.seconds) media.seconds = it.seconds
  return { media }
}

/** Return a place; nothing when it is nowhere on earth. */
export function locationOf(it: proto.Message.ILocationMessage): { location?: Place } {
  const { degreesLatitude: latitude, degreesLongitude: longitude } = it
  if (!within(latitude, 90) || !within(longitude, 180)) return {}
  const location: Place = { latitude, longitude }
  if (it.name) location.name = clip(it.name, MAX_LABEL)
  if (it.address) location.address = clip(it.address, MAX_LABEL)
  return { location }
}

const within = (value: number | null | undefined, limit: number): value is number =>
  typeof value === 'number' && Math.abs(value) <= limit
