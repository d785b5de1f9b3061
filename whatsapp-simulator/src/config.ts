import { parseArgs } from 'node:util'

export type Config = {
  port: number
  state: string | undefined
  record: boolean
  supervised: boolean
  publicNames: boolean
}

/** What a bridge's preload (`trust.ts`) needs to take the simulator for WhatsApp. */
export type Trust = { noiseRoot: Buffer | undefined; mediaHost: string | undefined }

/** Read the command line. @throws with a sentence for the user when it is wrong. */
export function readConfig(args: string[]): Config {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string' },
      state: { type: 'string' },
      record: { type: 'boolean' },
      supervised: { type: 'boolean' },
      'public-names': { type: 'boolean' },
    },
  })
  const port = Number(values.port ?? 0)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port must be a port number from 0 to 65535, not "${values.port}"`)
  const { state, record = false, supervised = false, 'public-names': publicNames = false } = values
  return { port, state, record, supervised, publicNames }
}

/** Read `CLEO_SIM_NOISE_ROOT` (hex) and `CLEO_SIM_MEDIA_HOST` (`host:port`). */
export function readTrust(env: NodeJS.ProcessEnv = process.env): Trust {
  const root = env.CLEO_SIM_NOISE_ROOT
  if (root && !/^[0-9a-f]{64}$/i.test(root))
    throw new Error('CLEO_SIM_NOISE_ROOT must be 64 hex digits: the noiseRoot of the simulator’s ready line')
  return {
    noiseRoot: root ? Buffer.from(root, 'hex') : undefined,
    mediaHost: env.CLEO_SIM_MEDIA_HOST || undefined,
  }
}
