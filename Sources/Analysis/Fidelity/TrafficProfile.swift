import Bytes
package import Expression
import HTTP1
import Privacy
package import Tape
import Thrift

/// What the requests of a tape are like, field by field and together. Feed it every exchange once, in order; memory is
/// bounded whatever the tape holds (about 150 MB at most), and the same tape gives the same profile anywhere.
package struct TrafficProfile: Sendable {
    package struct Options: Sendable {
        /// Fields that name who acts, whose exchanges are counted and followed; empty: found by their names and repetition.
        package var entities: [String] = []
        /// The field whose changes from one exchange of an entity to its next are counted; empty: the operation.
        package var state = ""
        package var decision: ExpressionPath?
        /// Fields that together tell who somebody is; empty: all whose names say that they are personal data.
        package var quasi: [String] = []
        /// What is left out.
        package var ignored: [PathPattern] = []
        /// The longest pause within a session of an entity, whose states are to be followed; 0: none are.
        package var sessionNanos: UInt64 = 0
        /// Finds out which fields belong to which entity.
        package var tiesEntities = false

        package init() {}
    }

    /// Fields beyond this are counted and not looked at.
    package static let columnLimit = 1500

    /// What a column is by its name and its place, which does not change.
    private struct Role: Sendable {
        var isFollowed: Bool
        var isQuasi: Bool
        /// It is one value of the request, not one of a list.
        var isFlat: Bool
    }

    struct Track: Sendable {
        var count: UInt32 = 0
        var state: UInt16 = 0
        var lastNanos: UInt64 = 0
    }

    package let options: Options
    package private(set) var exchanges: UInt64 = 0
    /// Requests without content that can be read.
    package private(set) var unreadable: UInt64 = 0
    package var readable: UInt64 { exchanges - unreadable }
    package private(set) var columns: [FieldColumn] = []
    package private(set) var fieldsBeyond: UInt64 = 0
    /// Fields that are not looked at because their names are values of somebody's, as a phone number that is a key.
    package private(set) var fieldsHidden: UInt64 = 0
    package private(set) var rows = RowSample()
    /// ns between one request and the next.
    package var gaps: [Double] { gapSample.values }
    private var gapSample = ValueSample(limit: 200_000)
    /// By hour of the week, from Monday 00:00 UTC.
    package private(set) var byHour = [UInt64](repeating: 0, count: 168)
    package private(set) var operations: [String: UInt64] = [:]
    package private(set) var decisions: [String: UInt64] = [:]
    /// A reply said at the decision's place what it was.
    package private(set) var hasDecision = false
    package private(set) var formats: [WireFormat: UInt64] = [:]
    /// Requests whose THeader names zlib as the only transform of its payload.
    package private(set) var compressed: UInt64 = 0
    package private(set) var firstNanos = UInt64.max
    package private(set) var lastNanos: UInt64 = 0
    package private(set) var decisionPath: ExpressionPath?
    private(set) var tracks: [Int: KeySample<Track>] = [:]
    private(set) var transitionTable: [Int: [UInt32: UInt64]] = [:]
    package private(set) var states: [String] = [""]
    private var stateIndex: [String: UInt16] = [:]
    private var columnIndex: [String: Int] = [:]
    private var previousNanos: UInt64?
    /// By the entity's column.
    private(set) var sessions: [Int: Sessions] = [:]
    /// Kept only where a profile is to be written.
    private(set) var ties: EntityTies?
    /// Hashes of what tells people apart, together.
    private(set) var tuples = KeySample<Bool>(limit: 200_000)
    private(set) var quasiColumns: Set<Int> = []
    private var roles: [Role] = []
    /// The positions in ``Options/ignored`` of those that left something out.
    private var ignoring: Set<Int> = []
    private var finder = PersonalFinder()
    /// Hashes of the values of fields that look personal, and of ids, by column.
    private(set) var personal: [Int: KeySample<Bool>] = [:]

    private let view: ExchangeView
    private let renderThrift: ExchangeView.ThriftRenderer

    package init(_ options: Options = Options(), renderThrift: @escaping ExchangeView.ThriftRenderer) {
        self.options = options
        self.renderThrift = renderThrift
        view = ExchangeView(showsPayload: true, renderThrift: renderThrift)
        decisionPath = options.decision
        if options.tiesEntities { ties = EntityTies() }
    }

    package mutating func add(_ exchange: Exchange) {
        // A mirror got the same request once more.
        if exchange.run?.isMirror ?? false { return }
        exchanges += 1
        let time = exchange.request?.startNanos ?? exchange.startNanos
        noteTime(time)
        noteDecision(exchange)
        let operation = operations.count < 1000 || operations[exchange.operation] != nil ? exchange.operation : "…"
        operations[operation, default: 0] += 1
        formats[exchange.format, default: 0] += 1
        if exchange.format.transport == .theader, let wire = exchange.request?.wire,
            (try? HeaderTransport(decoding: wire.rawSpan))?.transforms == [HeaderTransport.zlib]
        {
            compressed += 1
        }
        guard exchange.request != nil,
            let content = FieldWalker.content(of: view.side(.request, of: exchange))
        else {
            unreadable += 1
            return
        }
        var row = RowSample.Row(priority: rows.offer() ?? 0)
        let isChosen = row.priority > 0
        var state = options.state.isEmpty ? operation : ""
        var keys: [(Int, UInt64)] = []
        var ids: [(Int, UInt64)] = []
        var seen: Set<Int> = []
        var cells: [(Int, UInt64)] = []
        var (tuple, parts): (UInt64, Int) = (0, 0)
        FieldWalker.walk(content) { path, leaf in
            guard let column = self.column(path), seen.insert(column).inserted else { return }
            columns[column].add(leaf, timeNanos: time, &finder)
            let cell: RowSample.Cell
            switch leaf {
            case .null, .object: return
            case .number(let value, _): cell = .number(value)
            case .bool(let value): cell = .text(StableHash.of(value ? "true" : "false"))
            case .text(let text), .bytes(let text): cell = .text(StableHash.of(text))
            }
            let hash = StableHash.of(Self.text(leaf))
            let role = roles[column]
            if path == options.state { state = Self.text(leaf) }
            if role.isFollowed { keys.append((column, hash)) }
            if isPersonal(column) || (role.isFlat && columns[column].isIdentifier) {
                personal[column, default: KeySample(limit: 50_000)].update(hash, true) { _ in }
            }
            if ties != nil {
                cells.append((column, hash))
                if role.isFollowed || (role.isFlat && columns[column].isIdentifier) { ids.append((column, hash)) }
            }
            if role.isQuasi {
                quasiColumns.insert(column)
                // By path, for columns are numbered differently on another tape; a sum, for order does not matter.
                tuple &+= StableHash.mix(StableHash.of(path) ^ hash)
                parts += 1
            }
            guard isChosen else { return }
            row.columns.append(UInt16(column))
            row.cells.append(cell)
        }
        ties?.add(ids, cells)
        if isChosen { rows.add(row) }
        if parts >= 2 { tuples.update(StableHash.mix(tuple), true) { _ in } }
        follow(keys, state, time)
    }

    static func text(_ leaf: FieldWalker.Leaf) -> String {
        switch leaf {
        case .null, .object: ""
        case .bool(let value): value ? "true" : "false"
        case .number(let value, let isWhole): isWhole && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
        case .text(let text), .bytes(let text): text
        }
    }

    private mutating func column(_ path: String) -> Int? {
        if let known = columnIndex[path] { return known < 0 ? nil : known }
        let steps = path.split(separator: ".").map { String($0) }
        let covering = options.ignored.indices.filter { options.ignored[$0].covers(steps) }
        if !covering.isEmpty {
            ignoring.formUnion(covering)
            columnIndex[path] = columnIndex.count < Self.columnLimit * 4 ? -1 : nil
            return nil
        }
        if columns.count >= Self.columnLimit {
            fieldsBeyond += 1
            return nil
        }
        let column = FieldColumn(path: path)
        if PersonalLook.of(column.name, &finder) != nil {
            fieldsHidden += 1
            columnIndex[path] = columnIndex.count < Self.columnLimit * 4 ? -1 : nil
            return nil
        }
        columns.append(column)
        roles.append(role(of: column))
        columnIndex[path] = columns.count - 1
        return columns.count - 1
    }

    /// Those of ``Options/ignored`` that leave nothing out.
    package var ignoredInVain: [PathPattern] {
        options.ignored.indices.filter { !ignoring.contains($0) }.map { options.ignored[$0] }
    }

    /// True when the tape has the field and it is left out.
    package func ignores(_ path: String) -> Bool { columnIndex[path] == -1 }

    package func column(named path: String) -> Int? { columnIndex[path].flatMap { $0 < 0 ? nil : $0 } }

    // MARK: Time and decisions

    private mutating func noteTime(_ time: UInt64) {
        if time == 0 { return }
        firstNanos = min(firstNanos, time)
        lastNanos = max(lastNanos, time)
        // 1970 began on a Thursday.
        byHour[Int((time / 3_600_000_000_000 + 72) % 168)] += 1
        defer { previousNanos = time }
        guard let previous = previousNanos else { return }
        gapSample.add(time > previous ? Double(time - previous) : 0)
    }

    private mutating func noteDecision(_ exchange: Exchange) {
        guard let response = exchange.response else { return }
        let content = ResponseContent(response, of: exchange, renderThrift: renderThrift)
        if decisionPath == nil { decisionPath = content.likelyDecision }
        var word = content.isRejection ? "rejected" : "(\(content.status))"
        if let path = decisionPath, let text = content.decision(at: path) {
            word = text
            hasDecision = true
        }
        decisions[decisions.count < 200 || decisions[word] != nil ? word : "…", default: 0] += 1
    }

    // MARK: Entities

    /// Followed are fields that are named, or whose names say that they tell one thing from others.
    private func role(of column: FieldColumn) -> Role {
        let isFlat = !column.path.contains("*") && !column.path.contains("#")
        let isNamed = column.name.hasSuffix("Id") || column.name.hasSuffix("_id") || column.name == "id"
        let tells = column.named?.isQuasi ?? ["city", "gender", "sex", "age"].contains(column.name.lowercased())
        return Role(
            isFollowed: options.entities.isEmpty ? isFlat && isNamed : options.entities.contains(column.path),
            isQuasi: options.quasi.isEmpty ? isFlat && tells : options.quasi.contains(column.path), isFlat: isFlat)
    }

    func isPersonal(_ column: Int) -> Bool { columns[column].personal?.isOnesOwn ?? false }

    private mutating func follow(_ keys: [(Int, UInt64)], _ state: String, _ time: UInt64) {
        if keys.isEmpty { return }
        let code = stateIndex[state] ?? 0
        let now = code == 0 && states.count < 256 ? UInt16(states.count) : code
        if code == 0 && now > 0 {
            states.append(state)
            stateIndex[state] = now
        }
        for (column, key) in keys {
            var before: UInt16 = 0
            var isKept = false
            tracks[column, default: KeySample(limit: 100_000)].update(key, Track()) { track in
                before = track.state
                isKept = track.count > 0
                track.count += 1
                track.state = now
                track.lastNanos = time
            }
            if options.sessionNanos > 0, sessions.count < 12 || sessions[column] != nil {
                sessions[column, default: Sessions(pauseNanos: options.sessionNanos)].add(key, now, time)
            }
            if isKept { transitionTable[column, default: [:]][UInt32(before) << 16 | UInt32(now), default: 0] += 1 }
        }
    }

    /// Entities by how often they occur, and from which state to which they go.
    package struct Entity: Sendable {
        package var column: Int
        package var path: String
        /// Ascending; of those that were chosen.
        package var counts: [Double]
        /// How many there are: exact until there are more than are followed.
        package var number: UInt64
        package var transitions: [String: UInt64]
    }

    /// Fields that are followed and whose values come back: those of one exchange each say nothing of anybody.
    package var entities: [Entity] {
        tracks.keys.sorted().compactMap { column in
            guard let sample = tracks[column] else { return nil }
            let counts = sample.table.values.map { Double($0.count) }.sorted()
            let isRepeated = counts.reduce(0, +) > Double(counts.count) * 1.2 && counts.count >= 20
            if options.entities.isEmpty && !isRepeated { return nil }
            var transitions: [String: UInt64] = [:]
            for (key, count) in transitionTable[column] ?? [:] {
                transitions["\(states[Int(key >> 16)]) → \(states[Int(key & 0xFFFF)])"] = count
            }
            let share = (Double(sample.threshold) + 1) / 0x1p64
            return Entity(
                column: column, path: columns[column].path, counts: counts,
                number: UInt64((Double(counts.count) / share).rounded()), transitions: transitions)
        }
    }
}
