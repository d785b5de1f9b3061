import { Bridge } from './bridge.ts'
import { type Config, readConfig } from './config.ts'
import { ConfigError, DataError, reasonOf } from './errors.ts'
import { armFailpoints } from './failpoint.ts'
import { openLog, scrub, silenceConsole } from './log.ts'
import { Supervisor } from './supervisor.ts'

/** Starts the bridge and ends it when it is told to. */
async function main(): Promise<void> {
  silenceConsole()
  process.umask(0o077)
  const config = readConfig()
  armFailpoints(config.fail)
  const log = openLog(config.logLevel)
  const supervisor = new Supervisor()
  const bridge = new Bridge(config, log)
  bridge.account.onStatus = (status) => supervisor.state(status)
  bridge.account.onLink = (link) => {
    if (link) supervisor.link(link)
  }
  process.on('unhandledRejection', (reason) =>
    log.error({ reason: scrub(reasonOf(reason)) }, 'unhandled rejection'),
  )
  process.on('uncaughtException', (error) => {
    log.fatal({ reason: scrub(error.message) }, 'the bridge failed and ends; what it has on disk is complete')
    process.exit(1)
  })
  endWhenTold(config, bridge)
  supervisor.listening(await bridge.listen())
  bridge.run()
}

function endWhenTold({ supervised }: Config, bridge: Bridge): void {
  let ending = false
  const end = () => {
    if (ending) return
    ending = true
    bridge.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  if (supervised) process.stdin.on('end', end).on('close', end).resume()
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || error instanceof DataError || isAddressInUse(error)
  process.stderr.write(`${known ? sentence(error) : String((error as Error).stack)}\n`)
  process.exit(known ? 78 : 1) // 78: EX_CONFIG, starting again will not help
})

const isAddressInUse = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EADDRINUSE'

const sentence = (error: unknown): string =>
  isAddressInUse(error)
    ? 'WHATSAPP_BRIDGE_PORT is already in use: another program (perhaps another bridge) listens there. Stop it, or set ' +
      'WHATSAPP_BRIDGE_PORT=3002 and WHATSAPP_BRIDGE_URL to match.'
    : reasonOf(error)
