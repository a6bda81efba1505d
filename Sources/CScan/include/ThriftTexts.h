#pragma once
#include <stddef.h>
#include <stdint.h>

/// What is to be done with a text of a struct.
enum tinct_text_kind {
    /// It holds something that a value can be told by.
    TINCT_TEXT_PLAIN,
    /// It names the next one, unless the struct breaks off there.
    TINCT_TEXT_KEY,
    /// It is named by the one before.
    TINCT_TEXT_NAMED,
};

/// A text that is not empty.
struct tinct_struct_text {
    /// From the beginning of the bytes.
    uint32_t start, count;
    uint8_t kind;
    /// It begins as JSON does.
    uint8_t may_be_json;
    /// All of it is a UUID.
    uint8_t is_uuid;
    /// All of it may be another value: a name, an address, an address of a network, a CNPJ.
    uint8_t may_be_whole;
    /// Up to 64 bytes: `text` says where values may be in it. Longer ones have to be read.
    uint8_t is_short;
    struct tinct_text_events text;
};

enum tinct_walk {
    TINCT_WALKED,
    /// The bytes are no such struct. Texts in front of where that shows are there.
    TINCT_WALK_BROKEN,
    /// There is something in it that only the general reader deals with: text keys of other values, more texts than fit.
    TINCT_WALK_UNSUITED,
};

/// Where texts go, and how deep values may stand in each other: not deeper than ``TINCT_DEEPEST``.
struct tinct_struct_texts {
    struct tinct_struct_text *texts;
    size_t capacity, count, limit;
};

enum { TINCT_DEEPEST = 64 };

/// Goes through the struct at `at` in Thrift's Binary encoding, of which nobody knows a schema, and keeps the texts in
/// which something has to be looked at: those that may hold a value, and all keys and values of maps from text to text.
/// Most texts of five bytes and more are told to hold nothing without anybody else reading them.
enum tinct_walk tinct_texts_of(const uint8_t *bytes, size_t count, size_t at, struct tinct_struct_texts *found);

/// The same without what only some machines have, which the tests hold against it.
enum tinct_walk tinct_texts_of_plain(const uint8_t *bytes, size_t count, size_t at, struct tinct_struct_texts *found);
