#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Which of 64 bytes are of a class: bit i stands for byte i.
struct tinct_byte_classes {
    uint64_t digit, small, dash, dot, at, percent, quote, backslash;
};

#if defined(__SSE2__)
static inline uint64_t tinct_mask_64(__m128i a, __m128i b, __m128i c, __m128i d) {
    return (uint64_t)(uint32_t)(_mm_movemask_epi8(a) | _mm_movemask_epi8(b) << 16)
        | (uint64_t)(uint32_t)(_mm_movemask_epi8(c) | _mm_movemask_epi8(d) << 16) << 32;
}

static inline uint64_t tinct_equal_64(__m128i a, __m128i b, __m128i c, __m128i d, char byte) {
    const __m128i v = _mm_set1_epi8(byte);
    return tinct_mask_64(_mm_cmpeq_epi8(a, v), _mm_cmpeq_epi8(b, v), _mm_cmpeq_epi8(c, v), _mm_cmpeq_epi8(d, v));
}

/// Bytes 0x30 to 0x39, as signed: above 0x2F and below 0x3A.
static inline __m128i tinct_digits_16(__m128i v) {
    return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(0x2F)), _mm_cmplt_epi8(v, _mm_set1_epi8(0x3A)));
}

/// Small letters but x, the last digit of some identifiers.
static inline __m128i tinct_small_16(__m128i v) {
    const __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(0x60)), _mm_cmplt_epi8(v, _mm_set1_epi8(0x7B)));
    return _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('x')), letters);
}

/// The classes of the 64 bytes at `bytes`, all of which must be readable.
static inline struct tinct_byte_classes tinct_byte_classes_64(const uint8_t *bytes) {
    const __m128i a = _mm_loadu_si128((const __m128i *)bytes), b = _mm_loadu_si128((const __m128i *)(bytes + 16));
    const __m128i c = _mm_loadu_si128((const __m128i *)(bytes + 32)), d = _mm_loadu_si128((const __m128i *)(bytes + 48));
    struct tinct_byte_classes r;
    r.digit = tinct_mask_64(tinct_digits_16(a), tinct_digits_16(b), tinct_digits_16(c), tinct_digits_16(d));
    r.small = tinct_mask_64(tinct_small_16(a), tinct_small_16(b), tinct_small_16(c), tinct_small_16(d));
    r.dash = tinct_equal_64(a, b, c, d, '-');
    r.dot = tinct_equal_64(a, b, c, d, '.');
    r.at = tinct_equal_64(a, b, c, d, '@');
    r.percent = tinct_equal_64(a, b, c, d, '%');
    r.quote = tinct_equal_64(a, b, c, d, '"');
    r.backslash = tinct_equal_64(a, b, c, d, '\\');
    return r;
}

/// The same of 16 bytes.
static inline struct tinct_byte_classes tinct_byte_classes_16(const uint8_t *bytes) {
    const __m128i a = _mm_loadu_si128((const __m128i *)bytes);
    struct tinct_byte_classes r;
    r.digit = (uint64_t)_mm_movemask_epi8(tinct_digits_16(a));
    r.small = (uint64_t)_mm_movemask_epi8(tinct_small_16(a));
    r.dash = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('-')));
    r.dot = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('.')));
    r.at = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('@')));
    r.percent = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('%')));
    r.quote = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('"')));
    r.backslash = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('\\')));
    return r;
}
#else
/// The same a byte at a time, for processors whose vectors are not spelled out here.
static inline struct tinct_byte_classes tinct_byte_classes_each(const uint8_t *bytes, int count) {
    struct tinct_byte_classes r = {0};
    for (int i = 0; i < count; i++) {
        r.digit |= (uint64_t)((uint8_t)(bytes[i] - '0') < 10) << i;
        r.small |= (uint64_t)((uint8_t)(bytes[i] - 'a') < 26 && bytes[i] != 'x') << i;
        r.dash |= (uint64_t)(bytes[i] == '-') << i;
        r.dot |= (uint64_t)(bytes[i] == '.') << i;
        r.at |= (uint64_t)(bytes[i] == '@') << i;
        r.percent |= (uint64_t)(bytes[i] == '%') << i;
        r.quote |= (uint64_t)(bytes[i] == '"') << i;
        r.backslash |= (uint64_t)(bytes[i] == '\\') << i;
    }
    return r;
}

static inline struct tinct_byte_classes tinct_byte_classes_64(const uint8_t *bytes) {
    return tinct_byte_classes_each(bytes, 64);
}

static inline struct tinct_byte_classes tinct_byte_classes_16(const uint8_t *bytes) {
    return tinct_byte_classes_each(bytes, 16);
}
#endif

/// The classes of `count` bytes, at most 64; those beyond are of none.
struct tinct_byte_classes tinct_byte_classes_of(const uint8_t *bytes, size_t count);

extern const uint8_t tinct_name_bytes[256];

/// A letter in lower case, a digit, or a byte of a letter beyond ASCII; 0 for what separates the words of a name.
static inline uint8_t tinct_name_byte(uint8_t byte) { return tinct_name_bytes[byte]; }
