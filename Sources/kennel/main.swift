import Glibc
import Platform

// Signals are taken where they are waited for, on every thread; a vanished reader is an error to be
// seen, not a signal to die of.
Signals.blockAll()
StandardOutput.printByLines()
exit(Kennel.run(Array(CommandLine.arguments.dropFirst())))
