import Glibc

exit(StubCommand.run(Array(CommandLine.arguments.dropFirst())))
