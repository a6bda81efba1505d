import CFuzz
import Glibc

// `tinct-fuzz` lists the targets; `tinct-fuzz TARGET [ARGUMENT...]` hands the arguments to libFuzzer.

guard let name = CommandLine.arguments.dropFirst().first else {
    for target in allTargets { print(target.name, target.maximumLength) }
    exit(0)
}
guard let target = allTargets.first(where: { $0.name == name }) else {
    print("there is no fuzz target \(name)")
    exit(2)
}
// Before the only thread begins that reads it.
unsafe Chosen.target = target
// libFuzzer reads its arguments from the second on: the target's name takes the place of the program's.
exit(unsafe tinct_fuzz_run(CommandLine.argc - 1, CommandLine.unsafeArgv + 1, runChosen))
