import Privacy

package let privacyCommand = CommandSpec(
    name: "privacy",
    summary: "Look for personal data on a tape, or mask a tape",
    arguments: "scan TAPE | mask TAPE | policy",
    argumentCount: 1...2,
    discussion: """
        scan reports which classes of personal data stand on a tape, in which fields and how often, and never a value. What
        was masked when it was recorded is counted apart. Exits 1 when something unmasked is left.

        mask writes the tape anew with everything masked that record would have masked. Under the same key a tape that was
        recorded raw gets the pseudonyms that other recordings have. policy prints the built-in policy.

        A value is found by the class that the schema gives its field (pii.class, x-pii-class), by its field's or header's
        name, and by what it looks like. The policy's schema is schemas/privacy.schema.json.
        """,
    examples: [
        ("tinct privacy scan day.mcap", "Says what is left unmasked on the tape, if anything."),
        ("tinct privacy mask raw.mcap -o masked.mcap --mask-key-file mask.key", "Masks a tape that was recorded raw."),
        ("tinct privacy policy > masking.yaml", "A policy to start from."),
    ],
    flags: [
        Flag("output", short: "o", value: "TAPE", help: "Where mask writes.", completion: .file)
    ] + MaskingFlags.all + [
        Flag(
            "idl", value: "FILE", repeatable: true,
            help: "Thrift IDL or OpenAPI besides what the tape carries.", completion: .file),
        .json,
    ]
) { invocation in
    let word = invocation.arguments[0]
    if word == "policy" && invocation.arguments.count == 1 {
        Output.write(MaskingPolicy.builtIn.bytes)
        return .ok
    }
    guard ["scan", "mask"].contains(word), invocation.arguments.count == 2 else {
        throw CommandError(
            "tinct privacy has nothing called '\(invocation.arguments.joined(separator: " "))'",
            remedy: "Write tinct privacy scan TAPE, tinct privacy mask TAPE -o TAPE, or tinct privacy policy.")
    }
    if invocation.has("output") != (word == "mask") {
        throw CommandError(
            word == "mask" ? "tinct privacy mask needs --output TAPE" : "--output belongs to tinct privacy mask",
            remedy: "As in tinct privacy mask raw.mcap -o masked.mcap.")
    }
    let run = try PrivacyRun(invocation)
    return word == "scan" ? try run.scan() : try run.mask()
}
