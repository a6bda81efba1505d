#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Which of 64 bytes are of a class: bit i stands for byte i.
struct tinct_byte_classes {
    uint64_t digit, small, dash, dot, at, percent, quote, backslash;
};

/// The classes of the first 64 of `count` bytes; those beyond are of none. Nothing behind `readable` bytes is read, of
/// which there are at least `count`.
struct tinct_byte_classes tinct_byte_classes_of(const uint8_t *bytes, size_t count, size_t readable);

/// The same without what only some machines have, which the tests hold against it.
struct tinct_byte_classes tinct_byte_classes_plain(const uint8_t *bytes, size_t count, size_t readable);

extern const uint8_t tinct_name_bytes[256];

/// A letter in lower case, a digit, or a byte of a letter beyond ASCII; 0 for what separates the words of a name.
static inline uint8_t tinct_name_byte(uint8_t byte) { return tinct_name_bytes[byte]; }
