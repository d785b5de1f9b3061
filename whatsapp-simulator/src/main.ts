import { enableCompileCache, flushCompileCache } from 'node:module'
import { join } from 'node:path'

// What Node makes of the sources is kept beside the packages, which only their owner can write: the next start takes a
// fraction of the time and some 25 MB less. Where that is not writable it starts as it would without.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/whatsapp-simulator'))
await import('./run.ts')
setTimeout(flushCompileCache, 2000).unref() // else it is written at a clean end only
