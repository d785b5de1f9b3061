import { readConfig } from './config.ts'
import { log, reason, silenceConsole } from './log.ts'
import { startSimulator } from './simulator.ts'

silenceConsole()
try {
  const config = readConfig(process.argv.slice(2))
  const simulator = await startSimulator(config)
  process.stdout.write(`${JSON.stringify(simulator.ready)}\n`)
  const stop = (): void => void simulator.stop().finally(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  if (config.supervised) process.stdin.once('end', stop).once('close', stop).resume()
} catch (error) {
  log('the simulator could not start', { reason: reason(error) })
  process.exitCode = 1
}
