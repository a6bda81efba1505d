#include "Classes.h"

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
AVX512 static struct tinct_byte_classes byte_classes_avx512(const uint8_t *bytes, size_t count, size_t readable) {
    return classes_avx512(bytes, count, readable);
}

AVX512 static struct tinct_text_events text_events_avx512(const uint8_t *bytes, size_t count, size_t readable) {
    return text_events(classes_avx512(bytes, count, readable));
}

AVX512 static void blocks_avx512(const uint8_t *bytes, size_t count, size_t readable, struct tinct_block *blocks) {
    struct tinct_byte_classes before = {0};
    uint64_t runs = 0;
    for (size_t at = 0; at < count; at += 64)
        *blocks++ = next_block(classes_avx512(bytes + at, count - at, readable - at), &before, &runs);
}

static struct tinct_byte_classes (*byte_classes)(const uint8_t *, size_t, size_t) = tinct_byte_classes_plain;
static struct tinct_text_events (*events_of_text)(const uint8_t *, size_t, size_t) = tinct_events_of_text_plain;
static void (*blocks_of)(const uint8_t *, size_t, size_t, struct tinct_block *) = tinct_blocks_of_plain;

__attribute__((constructor)) static void choose(void) {
    if (has_avx512()) {
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
