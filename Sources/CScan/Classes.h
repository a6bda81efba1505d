#pragma once
#include <stdbool.h>

#include "CScan.h"

// Structs that are returned through memory stall their reader.
#define ALWAYS_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__SSE2__)
static inline uint64_t mask_64(__m128i a, __m128i b, __m128i c, __m128i d) {
    return (uint64_t)(uint32_t)(_mm_movemask_epi8(a) | _mm_movemask_epi8(b) << 16)
        | (uint64_t)(uint32_t)(_mm_movemask_epi8(c) | _mm_movemask_epi8(d) << 16) << 32;
}

static inline uint64_t equal_64(__m128i a, __m128i b, __m128i c, __m128i d, char byte) {
    const __m128i v = _mm_set1_epi8(byte);
    return mask_64(_mm_cmpeq_epi8(a, v), _mm_cmpeq_epi8(b, v), _mm_cmpeq_epi8(c, v), _mm_cmpeq_epi8(d, v));
}

/// Bytes 0x30 to 0x39, as signed: above 0x2F and below 0x3A.
static inline __m128i digits_16(__m128i v) {
    return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(0x2F)), _mm_cmplt_epi8(v, _mm_set1_epi8(0x3A)));
}

/// Small letters but x, the last digit of some identifiers.
static inline __m128i small_16(__m128i v) {
    const __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(0x60)), _mm_cmplt_epi8(v, _mm_set1_epi8(0x7B)));
    return _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('x')), letters);
}

/// Letters of either case.
static inline __m128i letters_16(__m128i v) {
    const __m128i lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
    return _mm_and_si128(_mm_cmpgt_epi8(lower, _mm_set1_epi8(0x60)), _mm_cmplt_epi8(lower, _mm_set1_epi8(0x7B)));
}

/// Letters that are hexadecimal digits.
static inline __m128i hex_16(__m128i v) {
    const __m128i lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
    return _mm_and_si128(_mm_cmpgt_epi8(lower, _mm_set1_epi8(0x60)), _mm_cmplt_epi8(lower, _mm_set1_epi8(0x67)));
}

/// The classes of the 64 bytes at `bytes`, all of which must be readable.
static inline struct tinct_byte_classes classes_64(const uint8_t *bytes) {
    const __m128i a = _mm_loadu_si128((const __m128i *)bytes), b = _mm_loadu_si128((const __m128i *)(bytes + 16));
    const __m128i c = _mm_loadu_si128((const __m128i *)(bytes + 32)), d = _mm_loadu_si128((const __m128i *)(bytes + 48));
    struct tinct_byte_classes r;
    r.digit = mask_64(digits_16(a), digits_16(b), digits_16(c), digits_16(d));
    r.small = mask_64(small_16(a), small_16(b), small_16(c), small_16(d));
    r.letter = mask_64(letters_16(a), letters_16(b), letters_16(c), letters_16(d));
    r.hex = mask_64(hex_16(a), hex_16(b), hex_16(c), hex_16(d));
    r.dash = equal_64(a, b, c, d, '-');
    r.dot = equal_64(a, b, c, d, '.');
    r.at = equal_64(a, b, c, d, '@');
    r.percent = equal_64(a, b, c, d, '%');
    r.quote = equal_64(a, b, c, d, '"');
    r.backslash = equal_64(a, b, c, d, '\\');
    r.colon = equal_64(a, b, c, d, ':');
    r.space = equal_64(a, b, c, d, ' ');
    return r;
}

/// The same of 16 bytes.
static inline struct tinct_byte_classes classes_16(const uint8_t *bytes) {
    const __m128i a = _mm_loadu_si128((const __m128i *)bytes);
    struct tinct_byte_classes r;
    r.digit = (uint64_t)_mm_movemask_epi8(digits_16(a));
    r.small = (uint64_t)_mm_movemask_epi8(small_16(a));
    r.letter = (uint64_t)_mm_movemask_epi8(letters_16(a));
    r.hex = (uint64_t)_mm_movemask_epi8(hex_16(a));
    r.dash = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('-')));
    r.dot = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('.')));
    r.at = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('@')));
    r.percent = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('%')));
    r.quote = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('"')));
    r.backslash = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8('\\')));
    r.colon = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8(':')));
    r.space = (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_set1_epi8(' ')));
    return r;
}
#else
/// The same a byte at a time, for processors whose vectors are not spelled out here.
static inline struct tinct_byte_classes classes_each(const uint8_t *bytes, int count) {
    struct tinct_byte_classes r = {0};
    for (int i = 0; i < count; i++) {
        r.digit |= (uint64_t)((uint8_t)(bytes[i] - '0') < 10) << i;
        r.small |= (uint64_t)((uint8_t)(bytes[i] - 'a') < 26 && bytes[i] != 'x') << i;
        r.letter |= (uint64_t)((uint8_t)((bytes[i] | 32) - 'a') < 26) << i;
        r.hex |= (uint64_t)((uint8_t)((bytes[i] | 32) - 'a') < 6) << i;
        r.dash |= (uint64_t)(bytes[i] == '-') << i;
        r.dot |= (uint64_t)(bytes[i] == '.') << i;
        r.at |= (uint64_t)(bytes[i] == '@') << i;
        r.percent |= (uint64_t)(bytes[i] == '%') << i;
        r.quote |= (uint64_t)(bytes[i] == '"') << i;
        r.backslash |= (uint64_t)(bytes[i] == '\\') << i;
        r.colon |= (uint64_t)(bytes[i] == ':') << i;
        r.space |= (uint64_t)(bytes[i] == ' ') << i;
    }
    return r;
}

static inline struct tinct_byte_classes classes_64(const uint8_t *bytes) {
    return classes_each(bytes, 64);
}

static inline struct tinct_byte_classes classes_16(const uint8_t *bytes) {
    return classes_each(bytes, 16);
}
#endif

static ALWAYS_INLINE struct tinct_byte_classes classes_plain(const uint8_t *bytes, size_t count, size_t readable) {
    uint8_t block[64];
    struct tinct_byte_classes r;
    if (count <= 16 && readable >= 16) {
        r = classes_16(bytes);
    } else if (readable >= 64) {
        r = classes_64(bytes);
    } else {
        memset(block, 0, sizeof block);
        memcpy(block, bytes, count < 64 ? count : 64);
        r = classes_64(block);
    }
    if (count < 64) {
        const uint64_t kept = ((uint64_t)1 << count) - 1;
        r.digit &= kept, r.small &= kept, r.letter &= kept, r.hex &= kept, r.dash &= kept, r.dot &= kept;
        r.at &= kept, r.percent &= kept, r.quote &= kept, r.backslash &= kept;
        r.colon &= kept, r.space &= kept;
    }
    return r;
}

static ALWAYS_INLINE struct tinct_text_events text_events(struct tinct_byte_classes classes) {
    const struct tinct_byte_classes none = {0};
    struct tinct_text_events r;
    r.digits = classes.digit;
    r.dots = classes.dot;
    r.events = tinct_events_of(classes, none, 0);
    return r;
}

/// A block of a text, of which `before` and `runs` are those of the block in front, and become its own.
static inline struct tinct_block next_block(
    struct tinct_byte_classes now, struct tinct_byte_classes *before, uint64_t *runs) {
    const struct tinct_events events = tinct_events_of(now, *before, *runs);
    *before = now;
    *runs = events.runs;
    return (struct tinct_block){now.quote, now.backslash, now.digit, now.small, events};
}

#if defined(__x86_64__)
#define AVX512 __attribute__((target("avx512f,avx512bw,bmi,bmi2,lzcnt,popcnt")))

/// Masked loads read nothing behind the bytes, and comparisons give masks at once.
AVX512 static ALWAYS_INLINE struct tinct_byte_classes classes_avx512(const uint8_t *bytes, size_t count, size_t readable) {
    (void)readable;
    const __mmask64 kept = count >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
    const __m512i v = _mm512_maskz_loadu_epi8(kept, bytes);
    const __m512i a = _mm512_set1_epi8('a'), lower = _mm512_or_si512(v, _mm512_set1_epi8(0x20));
    struct tinct_byte_classes r;
    r.digit = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8('0')), _mm512_set1_epi8(10));
    r.small = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, a), _mm512_set1_epi8(26));
    r.small &= ~_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('x'));
    r.letter = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(lower, a), _mm512_set1_epi8(26));
    r.hex = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(lower, a), _mm512_set1_epi8(6));
    r.dash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('-'));
    r.dot = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('.'));
    r.at = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('@'));
    r.percent = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('%'));
    r.quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
    r.backslash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
    r.colon = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(':'));
    r.space = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' '));
    return r;
}

static inline bool has_avx512(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi")
        && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("popcnt");
}
#endif
