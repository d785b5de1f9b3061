import { Bridge } from './bridge.ts'
import { type Config, readConfig } from './config.ts'
import { ConfigError, DataError, reasonOf } from './errors.ts'
import { armFailpoints } from './failpoint.ts'
import { openLog, redact, silenceConsole } from './log.ts'
import { useProxy } from './proxy.ts'
import { StatusOutput } from './status-output.ts'

/** Run the bridge until it is told to end. */
async function main(): Promise<void> {
  silenceConsole()
  process.umask(0o077)
  const config = readConfig()
  armFailpoints(config.failpoints)
  useProxy(config)
  const log = openLog(config.logLevel)
  const output = new StatusOutput()
  const bridge = new Bridge(config, log)
  bridge.account.onStatus = (status) => output.state(status)
  bridge.account.onLink = (link) => {
    if (link) void output.link(link)
  }
  process.on('unhandledRejection', (reason) =>
    log.error({ reason: redact(reasonOf(reason)) }, 'unhandled rejection'),
  )
  process.on('uncaughtException', (error) => {
    log.fatal(
      { reason: redact(error.message) },
      'the bridge failed and ends; what it has on disk is complete',
    )
    process.exit(1)
  })
  stopOnSignal(config, bridge)
  output.listening(await bridge.listen())
  bridge.run()
}

function stopOnSignal({ supervised }: Config, bridge: Bridge): void {
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    bridge.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  if (supervised) process.stdin.on('end', stop).on('close', stop).resume()
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || error instanceof DataError || isAddressInUse(error)
  process.stderr.write(`${known ? explain(error) : String((error as Error).stack)}\n`)
  process.exit(known ? 78 : 1) // 78: EX_CONFIG, starting again will not help
})

const isAddressInUse = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EADDRINUSE'

const explain = (error: unknown): string =>
  isAddressInUse(error)
    ? 'WHATSAPP_BRIDGE_PORT is already in use: another program (perhaps another bridge) listens there. Stop it, or set ' +
      'WHATSAPP_BRIDGE_PORT=3002 and WHATSAPP_BRIDGE_URL to match.'
    : reasonOf(error)
