import Metrics

/// The requests in flight: their places, their order on each connection, and their time-outs.
extension Loop {
    /// Chains the places of a connection as free.
    func freePlaces(_ connection: Int) {
        let c = unsafe connections + connection
        let first = unsafe c.pointee.firstPlace
        let window = unsafe c.pointee.window
        for place in 0..<window {
            unsafe flights[Int(first + place)] = Flight()
            unsafe flights[Int(first + place)].next = place + 1 < window ? first + place + 1 : -1
        }
        unsafe c.pointee.freePlace = first
    }

    /// A place at the end of the connection's flights. The connection has room.
    @inline(__always)
    mutating func takeFlight(_ connection: Int) -> UnsafeMutablePointer<Flight> {
        let c = unsafe connections + connection
        let index = unsafe c.pointee.freePlace
        let flight = unsafe flights + Int(index)
        let last = unsafe c.pointee.lastFlight
        unsafe c.pointee.freePlace = flight.pointee.next
        unsafe flight.pointee.next = -1
        unsafe flight.pointee.previous = last
        if last >= 0 { unsafe flights[Int(last)].next = index } else { unsafe c.pointee.firstFlight = index }
        unsafe c.pointee.lastFlight = index
        unsafe c.pointee.flightCount += 1
        inFlightCount += 1
        return unsafe flight
    }

    /// Gives a place back.
    @inline(__always)
    mutating func release(_ index: Int32, of connection: Int) {
        let c = unsafe connections + connection
        let flight = unsafe flights + Int(index)
        let (previous, next) = unsafe (flight.pointee.previous, flight.pointee.next)
        if previous >= 0 { unsafe flights[Int(previous)].next = next } else { unsafe c.pointee.firstFlight = next }
        if next >= 0 { unsafe flights[Int(next)].previous = previous } else { unsafe c.pointee.lastFlight = previous }
        if unsafe c.pointee.firstUnwritten == index { unsafe c.pointee.firstUnwritten = next }
        unsafe flight.pointee.deadline = 0
        unsafe flight.pointee.next = c.pointee.freePlace
        unsafe c.pointee.freePlace = index
        unsafe c.pointee.flightCount -= 1
        unsafe c.pointee.isExclusive = false
    }

    /// The flight that a seqid belongs to; a negative number when no call in flight on this connection carried it.
    @inline(__always)
    func flight(of connection: Int, seqid: UInt32) -> Int32 {
        let c = unsafe connections + connection
        let first = unsafe c.pointee.firstFlight
        if first < 0 { return -1 }
        // One call whose seqid could not be set: whatever comes is its reply.
        if unsafe c.pointee.isExclusive, unsafe flights[Int(first)].template?.pointee.seqidOffset ?? 0 < 0 {
            return first
        }
        let place = Seqid.place(seqid, placeBits: placeBits)
        guard place < (unsafe c.pointee.window) else { return -1 }
        let index = unsafe c.pointee.firstPlace + place
        let flight = unsafe flights + Int(index)
        // A free place keeps the seqid it had: it must be in use, with or without somebody who waits.
        guard unsafe flight.pointee.seqid == seqid, unsafe flight.pointee.deadline != 0 else { return -1 }
        return index
    }

    /// A reply came that nobody waits for any more: its place is free again.
    mutating func dropAbandoned(_ index: Int32, of connection: Int) {
        release(index, of: connection)
        unsafe connections[connection].abandonedCount -= 1
    }

    /// Ends waiting for replies whose time has run out. Looks no more often than one can have run out.
    mutating func expireFlights() {
        if now < nextExpiry || inFlightCount == 0 { return }
        var earliest = now &+ shortestNanos
        for connection in 0..<connectionCount {
            var index = unsafe connections[connection].firstFlight
            while index >= 0 {
                let next = unsafe flights[Int(index)].next
                if unsafe flights[Int(index)].template != nil {
                    let deadline = unsafe deadline(connection, flights[Int(index)])
                    if deadline <= now {
                        if giveUp(index, of: connection) { break }
                    } else {
                        earliest = min(earliest, deadline)
                    }
                }
                index = next
            }
        }
        nextExpiry = max(earliest, now &+ 1_000_000)
    }

    /// When waiting for a reply ends: sooner as long as nothing has come on its connection since it was sent.
    private func deadline(_ connection: Int, _ flight: Flight) -> UInt64 {
        guard let limit = plan.patience.firstByteNanos, unsafe connections[connection].lastReceivedAt <= flight.sentAt
        else { return flight.deadline }
        return min(flight.deadline, flight.sentAt &+ limit)
    }

    /// A reply did not come in time. True when the connection was lost over it, as it is unless the reply can be told
    /// from those behind it and the connection is known to be alive.
    private mutating func giveUp(_ index: Int32, of connection: Int) -> Bool {
        let c = unsafe connections + connection
        let flight = unsafe flights + Int(index)
        let isAlive = unsafe c.pointee.lastReceivedAt > flight.pointee.sentAt
        let isMatched = unsafe flight.pointee.template?.pointee.seqidOffset ?? -1 >= 0
        if isMatched && isAlive, unsafe c.pointee.abandonedCount + 1 < c.pointee.window {
            finishRequest(connection, index, .noReply, replyLength: -1, keepsPlace: true)
            unsafe c.pointee.abandonedCount += 1
            return false
        }
        lose(connection, .noReply)
        return true
    }

    /// Ends every flight of a connection, which is being lost.
    mutating func finishAll(_ connection: Int, _ outcome: Outcome) {
        while case let index = unsafe connections[connection].firstFlight, index >= 0 {
            if unsafe flights[Int(index)].template == nil {
                dropAbandoned(index, of: connection)
            } else {
                finishRequest(connection, index, outcome, replyLength: -1)
            }
        }
    }
}
