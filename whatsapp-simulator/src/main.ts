import { readConfig } from './config.ts'
import { log, reason, silenceConsole } from './log.ts'
import { startSimulator } from './simulator.ts'

silenceConsole()
try {
  const simulator = await startSimulator(readConfig(process.argv.slice(2)))
  process.stdout.write(`${JSON.stringify(simulator.ready)}\n`)
  const stop = (): void => void simulator.stop().finally(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
} catch (error) {
  log('the simulator could not start', { reason: reason(error) })
  process.exitCode = 1
}
