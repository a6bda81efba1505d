import Bytes

/// Something that takes bytes of unknown origin and must neither crash nor hang nor hoard memory.
///
/// A target stands in `Targets+Subject.swift` and is listed in ``allTargets``; its seeds, and the cases that were ever
/// found, stand in `Tests/Fuzz/Seeds/NAME/`. `make fuzz` says how it is run.
struct FuzzTarget: Sendable {
    /// Its name on the command line and its folder of seeds.
    let name: String
    /// Inputs beyond this length find nothing that shorter ones do not.
    var maximumLength = 4096
    /// Takes one input; what it returns is ignored, what it traps on is a finding.
    let run: @Sendable (RawSpan) -> Void
}

/// Every target, in the order in which they are run.
let allTargets: [FuzzTarget] =
    captureTargets + wireTargets + recordingTargets + privacyTargets + tapeTargets + schemaTargets
    + synthesisTargets + rulesTargets
