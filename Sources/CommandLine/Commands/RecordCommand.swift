/// `tinct record`: captures in, tape and balance out.
package let recordCommand = CommandSpec(
    name: "record",
    summary: "Turn captures into a tape, with an account of what became of every packet",
    arguments: "[FILE...]",
    argumentCount: 0...4096,
    discussion: """
        Reads pcap and pcapng, plain, .zst or .gz ('-' is standard input), several files merged by time. HTTP/1.x and
        Thrift (Binary, Compact, JSON and framed old Binary; framed, unframed, THeader, TTHeader, Finagle's, and in
        HTTP bodies) are recognised from content, on any port; --decode-as overrides that.

        Also reads GoReplay's .gor files (of its versions 1 and 2) and HAR 1.2 archives, plain or compressed, recognised
        from content too: their requests and responses become exchanges with the recorded times.

        Prints the balance: packets, bytes and messages that came in, and where they went. Exits 1 when it does not
        close, when a capture that holds data gave no exchange, or when an expectation fails.

        With --interface packets come from a network interface instead, until SIGINT, SIGTERM, --duration or --count ends
        the recording, whose tape and balance are then complete. What the kernel dropped because the ring was full is
        counted, and shows as gaps where it was. Needs the capability CAP_NET_RAW; whoever starts it as root becomes
        the user of sudo, or nobody, once the interface is open.

        Personal data is masked in place before anything is written: ids, cards, phones, mailboxes, names, addresses,
        places, devices and so on become others of the same form and length, the same one for the same value under one
        key, valid where they were valid. Credentials, one-time codes, PINs and the like are never written. A body that
        cannot be decoded to look into it is left out and counted. --raw keeps everything; the tape is then readable by
        its owner only.
        """,
    examples: [
        ("tinct record traffic.pcap -o traffic.mcap", "Record a capture."),
        (
            "tinct record a.pcapng.zst b.pcapng.zst -o day.mcap --idl risk_decision.thrift --expect 'lost<0.1%'",
            "Merge two captures, name Thrift calls by their IDL, and fail when more than 0.1 % of messages are lost."
        ),
        ("tinct record --dry-run --json traffic.pcap", "Only count."),
        (
            "tinct record traffic.pcap -o traffic.mcap --mask-key-file mask.key",
            "Pseudonyms that agree with those of other recordings under this key."
        ),
        ("tinct record requests.gor -o requests.mcap", "Take over what GoReplay recorded; a .har goes likewise."),
        (
            "tinct record -i eth0 --filter 'tcp port 9090' --rotate 1GiB -o live.mcap",
            "Record an interface into live-000001.mcap and so on, until Ctrl-C."
        ),
        ("tcpdump -i any -w - tcp port 80 | tinct record - -o live.mcap", "Record what another program captures."),
    ],
    flags: [
        Flag("output", short: "o", value: "TAPE", help: "Write the tape here.", completion: .file),
        Flag(
            "idl", value: "FILE", repeatable: true,
            help: "Thrift IDL or OpenAPI description; names operations and travels with the tape.", completion: .file),
        Flag("raw", help: "Mask nothing: personal data and credentials go to the tape, which gets mode 0600."),
        Flag(
            "expect", value: "EXPR", repeatable: true,
            help: "Fail unless this holds: lost, refused, missing, exchanges, messages or paired, compared with a "
                + "number or a share, as in 'lost<0.1%'."),
        Flag(
            "decode-as", value: "PORT=WHAT", repeatable: true,
            help: "What is spoken on a port, instead of what the bytes look like: http, opaque (do not read it), or "
                + "thrift/PROTOCOL/TRANSPORT with binary, binaryOld, compact or json, and framed, unframed, theader, "
                + "ttheader or finagle."),
        Flag(
            "threads", value: "N",
            help: "Threads that may work on it; the tape is the same whatever their number. With more than "
                + "one, a compressed capture is decompressed ahead, and the tape compressed and written, beside the "
                + "thread that records.",
            default: "one for each CPU it may run on"),
        Flag("dry-run", help: "Write no tape: only count. What would be masked is not looked for."),
        Flag("count", value: "N", help: "End when N exchanges are recorded."),
        Flag(
            "rotate", value: "SIZE|TIME|COUNT",
            help:
                "Begin another tape at this size (1GiB), time (10m) or number of exchanges (1M): TAPE-000001.mcap and "
                + "so on, behind those that are there."),
        Flag(
            "idle", value: "TIME", help: "Hold a flow to be over that is quiet for so long.",
            default: "10m live, else never"),
        Flag(
            "max-flows", value: "N", help: "Follow so many flows at a time; the one that was quiet longest gives way.",
            default: "65536"),
        Flag(
            "max-flow-bytes", value: "SIZE",
            help: "Memory for what one direction of a flow waits for; what does not fit is lost, and counted so.",
            default: "24MiB"),
        Flag("max-bytes", value: "SIZE", help: "The same for all flows together.", default: "128MiB"),
        Flag(
            "interface", short: "i", value: "NAME",
            help: "Record what passes this network interface; any is all of them."),
        Flag("filter", value: "BPF", help: "Only packets that match, as in 'tcp port 9090' (pcap-filter(7))."),
        Flag("duration", value: "TIME", help: "End after this time."),
        Flag(
            "ring", value: "SIZE", help: "Memory in which the kernel keeps packets until they are read.",
            default: "64MiB"),
        Flag(
            "user", value: "NAME", help: "Become this user once the interface is open.",
            default: "who called sudo, else nobody"),
        Flag("keep-privileges", help: "Remain root."),
    ] + MaskingFlags.all + [
        .json
    ],
    run: { try RecordRun($0).run() }
)
