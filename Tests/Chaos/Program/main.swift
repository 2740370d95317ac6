import Glibc

exit(ChaosCommand.run(Array(CommandLine.arguments.dropFirst())))
