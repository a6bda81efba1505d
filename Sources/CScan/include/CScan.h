#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Which of 64 bytes are of a class: bit i stands for byte i.
struct tinct_byte_classes {
    uint64_t digit, small, letter, hex, dash, dot, at, percent, quote, backslash, colon, space;
};

/// The classes of the first 64 of `count` bytes; those beyond are of none. Nothing behind `readable` bytes is read, of
/// which there are at least `count`.
struct tinct_byte_classes tinct_byte_classes_of(const uint8_t *bytes, size_t count, size_t readable);

/// The same without what only some machines have, which the tests hold against it.
struct tinct_byte_classes tinct_byte_classes_plain(const uint8_t *bytes, size_t count, size_t readable);

/// Where among 64 bytes a value could be told by what it looks like.
struct tinct_events {
    /// Fourth digits of runs and those behind them, but of runs behind a small letter, as in hexadecimal ids: no value begins
    /// in the middle of a word, unless an escape such as %2b ends there.
    uint64_t runs;
    /// Digits behind a dot behind a digit, and second digits behind a dash.
    uint64_t others;
    /// Where each of them begins, dots, mail signs, and dashes that end something.
    uint64_t all;
};

/// The bits of a block moved up, with those of the block before behind them.
static inline uint64_t tinct_behind(uint64_t mask, uint64_t before, int by) {
    return mask << by | before >> (64 - by);
}

/// - Parameters:
///   - before: the classes of the 64 bytes in front.
///   - runs_before: the runs among those.
static inline struct tinct_events tinct_events_of(
    struct tinct_byte_classes now, struct tinct_byte_classes before, uint64_t runs_before) {
    const uint64_t d = now.digit, h = now.dash;
    const uint64_t d1 = tinct_behind(d, before.digit, 1), d2 = tinct_behind(d, before.digit, 2);
    // Adding a run's first digit carries through the run, and what it clears is the run.
    const uint64_t free = now.percent | before.percent ? d : d & (d + (now.small << 1 & d));
    struct tinct_events r;
    r.runs = free & d1 & d2 & tinct_behind(d, before.digit, 3);
    r.others = d & ((tinct_behind(now.dot, before.dot, 1) & d2) | (d1 & tinct_behind(h, before.dash, 2)));
    r.all = (r.runs & ~tinct_behind(r.runs, runs_before, 1)) | r.others | now.dot | now.at;
    if (h != 0) {
        // The last dash of a UUID, the fourth of a PEM line.
        const uint64_t b = before.dash;
        r.all |= h & tinct_behind(h, b, 5) & tinct_behind(h, b, 10) & tinct_behind(h, b, 15);
        r.all |= h & tinct_behind(h, b, 1) & tinct_behind(h, b, 2) & tinct_behind(h, b, 3);
    }
    return r;
}

/// What 64 bytes of a longer text are.
struct tinct_block {
    uint64_t quotes, backslashes, digits, small;
    struct tinct_events events;
};

/// All blocks of `count` bytes, the last of which may be shorter than 64. Nothing behind `readable` bytes is read.
void tinct_blocks_of(const uint8_t *bytes, size_t count, size_t readable, struct tinct_block *blocks);

/// The same without what only some machines have, which the tests hold against it.
void tinct_blocks_of_plain(const uint8_t *bytes, size_t count, size_t readable, struct tinct_block *blocks);

/// A text of at most 64 bytes.
struct tinct_text_events {
    uint64_t digits, dots;
    struct tinct_events events;
};

/// The same as of its classes and their events, at once. Nothing behind `readable` bytes is read.
struct tinct_text_events tinct_events_of_text(const uint8_t *bytes, size_t count, size_t readable);

/// The same without what only some machines have, which the tests hold against it.
struct tinct_text_events tinct_events_of_text_plain(const uint8_t *bytes, size_t count, size_t readable);

extern const uint8_t tinct_name_bytes[256];

/// A letter in lower case, a digit, or a byte of a letter beyond ASCII; 0 for what separates the words of a name.
static inline uint8_t tinct_name_byte(uint8_t byte) { return tinct_name_bytes[byte]; }

#include "ThriftTexts.h"
