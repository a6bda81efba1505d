import CommandLine
import Glibc

exit(runTinct(Array(Swift.CommandLine.arguments.dropFirst())))
