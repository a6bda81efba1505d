/// Every command of `tinct`, in the order in which help lists them.
package let allCommands: [CommandSpec] = [
    recordCommand,
    infoCommand,
    showCommand,
    cutCommand,
    exportCommand,
    checkCommand,
    replayCommand,
    mergeCommand,
    callCommand,
    packCommand,
    synthCommand,
    stubCommand,
    diffCommand,
    scoreCommand,
    policyCommand,
    completionsCommand,
]
