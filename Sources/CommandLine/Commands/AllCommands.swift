/// Every command of `tinct`, in the order in which help lists them.
package let allCommands: [CommandSpec] = [
    recordCommand,
    infoCommand,
    showCommand,
    cutCommand,
    checkCommand,
    replayCommand,
    synthCommand,
    stubCommand,
    diffCommand,
    completionsCommand,
]
