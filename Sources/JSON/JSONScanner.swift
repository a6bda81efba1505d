package import Bytes

/// Finds one value in a JSON body by its path, without a tree.
package enum JSONScanner {
    /// The bytes of the value at `path`; nil when the path leads nowhere.
    ///
    /// Everything before the value is checked as it is passed over, what follows it is not. In an object with duplicate
    /// keys the first one counts. Throws as the parser does.
    package static func find(
        _ path: JSONPath, in body: RawSpan, depthLimit: Int = JSONValue.defaultDepthLimit
    ) throws(ParsingError) -> Range<Int>? {
        var tokenizer = JSONTokenizer(body, depthLimit: depthLimit)
        for (depth, step) in path.steps.enumerated() {
            tokenizer.skipSpace()
            switch tokenizer.peek {
            case 0x7B:
                try tokenizer.enter(depth)
                guard try tokenizer.seek(key: step.key, depth: depth) else { return nil }
            case 0x5B:
                try tokenizer.enter(depth)
                guard let index = step.index, try tokenizer.seek(index: index, depth: depth) else { return nil }
            default: return nil
            }
        }
        return try tokenizer.skipValue(depth: path.steps.count)
    }

    /// The bytes of each element of the array at `path`; nil when the path leads to no array.
    package static func elements(
        _ path: JSONPath, in body: RawSpan, depthLimit: Int = JSONValue.defaultDepthLimit
    ) throws(ParsingError) -> [Range<Int>]? {
        guard let range = try find(path, in: body, depthLimit: depthLimit), body[byte: range.lowerBound] == 0x5B else {
            return nil
        }
        var tokenizer = JSONTokenizer(body, depthLimit: depthLimit)
        tokenizer.offset = range.lowerBound + 1
        var elements: [Range<Int>] = []
        if tokenizer.closes(0x5D) { return elements }
        repeat {
            elements.append(try tokenizer.skipValue(depth: path.steps.count + 1))
            tokenizer.skipSpace()
        } while tokenizer.take(0x2C)
        return elements
    }

    /// Where a member can be put into the object at `path`: behind its opening brace. `isEmpty` says whether a comma must
    /// follow. Nil when there is no object at the path.
    static func insertionPoint(
        _ path: JSONPath, in body: RawSpan
    ) throws(ParsingError) -> (offset: Int, isEmpty: Bool)? {
        guard let range = try find(path, in: body), body[byte: range.lowerBound] == 0x7B else { return nil }
        var tokenizer = JSONTokenizer(body, depthLimit: 1)
        tokenizer.offset = range.lowerBound + 1
        tokenizer.skipSpace()
        return (range.lowerBound + 1, tokenizer.peek == 0x7D)
    }
}

extension JSONTokenizer {
    /// From behind an opening brace to the value of the first member with `key`; false, somewhere, when there is none.
    fileprivate mutating func seek(key: String, depth: Int) throws(ParsingError) -> Bool {
        if closes(0x7D) { return false }
        repeat {
            let token = try self.key()
            if try matches(token, key) { return true }
            _ = try skipValue(depth: depth + 1)
            skipSpace()
        } while take(0x2C)
        try expect(0x7D, "comma or closing brace")
        return false
    }

    /// From behind an opening bracket to the element at `index`; false, somewhere, when there are fewer.
    fileprivate mutating func seek(index: Int, depth: Int) throws(ParsingError) -> Bool {
        if closes(0x5D) { return false }
        var at = 0
        repeat {
            if at == index { return true }
            _ = try skipValue(depth: depth + 1)
            skipSpace()
            at += 1
        } while take(0x2C)
        try expect(0x5D, "comma or closing bracket")
        return false
    }

    private func matches(_ token: StringToken, _ key: String) throws(ParsingError) -> Bool {
        if token.hasEscapes { return try text(token).utf8.elementsEqual(key.utf8) }
        guard token.range.count == key.utf8.count else { return false }
        var at = token.range.lowerBound
        for byte in key.utf8 {
            if bytes[byte: at] != byte { return false }
            at += 1
        }
        return true
    }
}
