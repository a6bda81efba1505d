#include "CScan.h"

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

/// The classes of the 64 bytes at `bytes`, all of which must be readable.
static inline struct tinct_byte_classes classes_64(const uint8_t *bytes) {
    const __m128i a = _mm_loadu_si128((const __m128i *)bytes), b = _mm_loadu_si128((const __m128i *)(bytes + 16));
    const __m128i c = _mm_loadu_si128((const __m128i *)(bytes + 32)), d = _mm_loadu_si128((const __m128i *)(bytes + 48));
    struct tinct_byte_classes r;
    r.digit = mask_64(digits_16(a), digits_16(b), digits_16(c), digits_16(d));
    r.small = mask_64(small_16(a), small_16(b), small_16(c), small_16(d));
    r.dash = equal_64(a, b, c, d, '-');
    r.dot = equal_64(a, b, c, d, '.');
    r.at = equal_64(a, b, c, d, '@');
    r.percent = equal_64(a, b, c, d, '%');
    r.quote = equal_64(a, b, c, d, '"');
    r.backslash = equal_64(a, b, c, d, '\\');
    return r;
}

/// The same of 16 bytes.
static inline struct tinct_byte_classes classes_16(const uint8_t *bytes) {
    const __m128i a = _mm_loadu_si128((const __m128i *)bytes);
    struct tinct_byte_classes r;
    r.digit = (uint64_t)_mm_movemask_epi8(digits_16(a));
    r.small = (uint64_t)_mm_movemask_epi8(small_16(a));
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
static inline struct tinct_byte_classes classes_each(const uint8_t *bytes, int count) {
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

static inline struct tinct_byte_classes classes_64(const uint8_t *bytes) {
    return classes_each(bytes, 64);
}

static inline struct tinct_byte_classes classes_16(const uint8_t *bytes) {
    return classes_each(bytes, 16);
}
#endif

static inline struct tinct_byte_classes classes_plain(const uint8_t *bytes, size_t count, size_t readable) {
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
        r.digit &= kept, r.small &= kept, r.dash &= kept, r.dot &= kept;
        r.at &= kept, r.percent &= kept, r.quote &= kept, r.backslash &= kept;
    }
    return r;
}

static inline struct tinct_text_events text_events(struct tinct_byte_classes classes) {
    const struct tinct_byte_classes none = {0};
    struct tinct_text_events r;
    r.digits = classes.digit;
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

struct tinct_byte_classes tinct_byte_classes_plain(const uint8_t *bytes, size_t count, size_t readable) {
    return classes_plain(bytes, count, readable);
}

struct tinct_text_events tinct_events_of_text_plain(const uint8_t *bytes, size_t count, size_t readable) {
    return text_events(classes_plain(bytes, count, readable));
}

void tinct_blocks_of_plain(const uint8_t *bytes, size_t count, size_t readable, struct tinct_block *blocks) {
    struct tinct_byte_classes before = {0};
    uint64_t runs = 0;
    for (size_t at = 0; at < count; at += 64)
        *blocks++ = next_block(classes_plain(bytes + at, count - at, readable - at), &before, &runs);
}

#if defined(__x86_64__)
#define AVX512 __attribute__((target("avx512f,avx512bw,bmi2")))

/// Masked loads read nothing behind the bytes, and comparisons give masks at once.
AVX512 static inline struct tinct_byte_classes classes_avx512(const uint8_t *bytes, size_t count) {
    const __mmask64 kept = count >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
    const __m512i v = _mm512_maskz_loadu_epi8(kept, bytes);
    const __m512i letters = _mm512_sub_epi8(v, _mm512_set1_epi8('a'));
    struct tinct_byte_classes r;
    r.digit = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8('0')), _mm512_set1_epi8(10));
    r.small = _mm512_cmplt_epu8_mask(letters, _mm512_set1_epi8(26)) & ~_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('x'));
    r.dash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('-'));
    r.dot = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('.'));
    r.at = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('@'));
    r.percent = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('%'));
    r.quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
    r.backslash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
    return r;
}

AVX512 static struct tinct_byte_classes byte_classes_avx512(const uint8_t *bytes, size_t count, size_t readable) {
    (void)readable;
    return classes_avx512(bytes, count);
}

AVX512 static struct tinct_text_events text_events_avx512(const uint8_t *bytes, size_t count, size_t readable) {
    (void)readable;
    return text_events(classes_avx512(bytes, count));
}

AVX512 static void blocks_avx512(const uint8_t *bytes, size_t count, size_t readable, struct tinct_block *blocks) {
    (void)readable;
    struct tinct_byte_classes before = {0};
    uint64_t runs = 0;
    for (size_t at = 0; at < count; at += 64)
        *blocks++ = next_block(classes_avx512(bytes + at, count - at), &before, &runs);
}

static struct tinct_byte_classes (*byte_classes)(const uint8_t *, size_t, size_t) = tinct_byte_classes_plain;
static struct tinct_text_events (*events_of_text)(const uint8_t *, size_t, size_t) = tinct_events_of_text_plain;
static void (*blocks_of)(const uint8_t *, size_t, size_t, struct tinct_block *) = tinct_blocks_of_plain;

__attribute__((constructor)) static void choose(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2")) {
        byte_classes = byte_classes_avx512;
        events_of_text = text_events_avx512;
        blocks_of = blocks_avx512;
    }
}

struct tinct_byte_classes tinct_byte_classes_of(const uint8_t *bytes, size_t count, size_t readable) {
    return byte_classes(bytes, count, readable);
}

struct tinct_text_events tinct_events_of_text(const uint8_t *bytes, size_t count, size_t readable) {
    return events_of_text(bytes, count, readable);
}

void tinct_blocks_of(const uint8_t *bytes, size_t count, size_t readable, struct tinct_block *blocks) {
    blocks_of(bytes, count, readable, blocks);
}
#else
struct tinct_byte_classes tinct_byte_classes_of(const uint8_t *bytes, size_t count, size_t readable) {
    return tinct_byte_classes_plain(bytes, count, readable);
}

struct tinct_text_events tinct_events_of_text(const uint8_t *bytes, size_t count, size_t readable) {
    return tinct_events_of_text_plain(bytes, count, readable);
}

void tinct_blocks_of(const uint8_t *bytes, size_t count, size_t readable, struct tinct_block *blocks) {
    tinct_blocks_of_plain(bytes, count, readable, blocks);
}
#endif

const uint8_t tinct_name_bytes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 0, 0, 0, 0, 0, 0,
    0, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 0, 0, 0, 0, 0,
    0, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 0, 0, 0, 0, 0,
    128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143,
    144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159,
    160, 161, 162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175,
    176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191,
    192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207,
    208, 209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 221, 222, 223,
    224, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239,
    240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255,
};
