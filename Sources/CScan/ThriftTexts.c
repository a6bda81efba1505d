#include "Classes.h"

// Types of the Binary encoding (Apache Thrift, doc/specs/thrift-binary-protocol.md).
enum { STOP = 0, BINARY = 11, STRUCT = 12, MAP = 13, SET = 14, LIST = 15, UUID = 16 };

/// How many bytes a value takes, if always the same; 0 for others.
static const uint8_t sizes[256] = {0, 0, 1, 1, 8, 0, 2, 0, 4, 0, 8, 0, 0, 0, 0, 0, 16};

/// What is being gone through: a struct, or a list or a map of so many values more, keys counted.
struct frame {
    bool is_struct;
    uint8_t key, value;
    uint64_t left;
};

struct walk {
    const uint8_t *bytes, *at, *end;
    struct tinct_struct_text *texts;
    size_t count, capacity;
};

static inline uint32_t big_endian_32(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap32(value);
}

static inline size_t left(const struct walk *w) {
    return (size_t)(w->end - w->at);
}

/// Nothing else that stands alone is a UUID, a name, an address (of a house or of a network), a MAC address or a CNPJ.
static ALWAYS_INLINE bool may_be_whole(uint8_t first, uint32_t count, const struct tinct_byte_classes *c) {
    const bool is_long = (count == 14) | (count == 17) | (count == 36);
    // Latin letters make a name or an address of two words or more.
    const bool is_latin = (((uint8_t)(first - 'A') < 26) | (first == 0xC3)) & ((c->dot | c->space) != 0);
    const bool is_han = (uint8_t)(first - 0xE4) < 6;
    // The first dot of an IPv4 address stands behind three digits at most, the first colon of an IPv6 address behind
    // four and a bracket.
    const bool is_ipv4 = ((uint8_t)(first - '0') < 10) & (count - 7 < 9) & ((c->dot & 0xF) != 0);
    return is_long | is_latin | is_han | is_ipv4 | ((c->colon & 0x3F) != 0);
}

/// A text, whose length comes first. The kind says what it is in a map.
static ALWAYS_INLINE enum tinct_walk read_text(
    struct walk *w, enum tinct_text_kind kind, struct tinct_byte_classes (*classes_of)(const uint8_t *, size_t, size_t)) {
    if (left(w) < 4) return TINCT_WALK_BROKEN;
    const uint32_t count = big_endian_32(w->at);
    const uint8_t *text = w->at + 4;
    w->at = text;
    if (count > left(w)) return TINCT_WALK_BROKEN;
    w->at += count;
    if (count == 0 || (count < 5 && kind == TINCT_TEXT_PLAIN)) return TINCT_WALKED;
    if (w->count == w->capacity) return TINCT_WALK_UNSUITED;
    struct tinct_struct_text *r = &w->texts[w->count];
    r->start = (uint32_t)(text - w->bytes);
    r->count = count;
    r->kind = (uint8_t)kind;
    r->is_short = count <= 64;
    r->may_be_json = r->may_be_whole = count > 64;
    r->text.events.all = 0;
    if (count >= 5) r->may_be_json = (text[0] == '{') | (text[0] == '[');
    if (count >= 5 && count <= 64) {
        const struct tinct_byte_classes c = classes_of(text, count, (size_t)(w->end - text));
        r->text = text_events(c);
        r->may_be_whole = may_be_whole(text[0], count, &c);
    }
    w->count += (kind != TINCT_TEXT_PLAIN) | r->may_be_json | r->may_be_whole | (r->text.events.all != 0);
    return TINCT_WALKED;
}

/// The pairs of a map from text to text.
static ALWAYS_INLINE enum tinct_walk read_pairs(
    struct walk *w, uint32_t pairs, struct tinct_byte_classes (*classes_of)(const uint8_t *, size_t, size_t)) {
    for (uint32_t i = 0; i < 2 * (uint64_t)pairs; i++) {
        const bool names = w->count > 0 && w->texts[w->count - 1].kind == TINCT_TEXT_KEY;
        const enum tinct_text_kind kind = i % 2 == 0 ? TINCT_TEXT_KEY : names ? TINCT_TEXT_NAMED : TINCT_TEXT_PLAIN;
        const size_t before = w->count;
        const enum tinct_walk r = read_text(w, kind, classes_of);
        if (r != TINCT_WALKED) return r;
        // A key whose value is empty names nothing.
        if (kind == TINCT_TEXT_NAMED && w->count == before) w->texts[before - 1].kind = TINCT_TEXT_PLAIN;
    }
    return TINCT_WALKED;
}

static ALWAYS_INLINE enum tinct_walk read_struct(
    struct walk *w, size_t limit, struct tinct_byte_classes (*classes_of)(const uint8_t *, size_t, size_t)) {
    struct frame frames[TINCT_DEEPEST + 1];
    size_t depth = 0;
    if (limit > TINCT_DEEPEST) limit = TINCT_DEEPEST;
    if (limit == 0) return TINCT_WALK_BROKEN;
    frames[0] = (struct frame){.is_struct = true};
    for (;;) {
        struct frame *f = &frames[depth];
        uint8_t type;
        if (f->is_struct) {
            if (left(w) < 1) return TINCT_WALK_BROKEN;
            type = *w->at++;
            if (type == STOP) {
                if (depth-- == 0) return TINCT_WALKED;
                continue;
            }
            // Then the field's id.
            if (left(w) < 2) return TINCT_WALK_BROKEN;
            w->at += 2;
        } else {
            if (f->left == 0) {
                depth--;
                continue;
            }
            type = f->left-- % 2 == 0 ? f->key : f->value;
        }
        if (sizes[type] != 0) {
            if (left(w) < sizes[type]) return TINCT_WALK_BROKEN;
            w->at += sizes[type];
        } else if (type == BINARY) {
            const enum tinct_walk r = read_text(w, TINCT_TEXT_PLAIN, classes_of);
            if (r != TINCT_WALKED) return r;
        } else if (type == STRUCT) {
            if (depth + 1 >= limit) return TINCT_WALK_BROKEN;
            frames[++depth] = (struct frame){.is_struct = true};
        } else if (type == LIST || type == SET) {
            if (depth >= limit || left(w) < 5) return TINCT_WALK_BROKEN;
            const uint8_t element = w->at[0];
            const uint32_t count = big_endian_32(w->at + 1);
            w->at += 5;
            // Every element takes a byte at least.
            if (count > left(w)) return TINCT_WALK_BROKEN;
            if (sizes[element] != 0) {
                const uint64_t bytes = (uint64_t)count * sizes[element];
                if (bytes > left(w)) return TINCT_WALK_BROKEN;
                w->at += bytes;
            } else {
                frames[++depth] = (struct frame){.key = element, .value = element, .left = count};
            }
        } else if (type == MAP) {
            if (depth >= limit || left(w) < 6) return TINCT_WALK_BROKEN;
            const uint8_t key = w->at[0], value = w->at[1];
            const uint32_t count = big_endian_32(w->at + 2);
            w->at += 6;
            if (count > left(w)) return TINCT_WALK_BROKEN;
            if (key != BINARY) {
                frames[++depth] = (struct frame){.key = key, .value = value, .left = 2 * (uint64_t)count};
            } else if (value == BINARY) {
                const enum tinct_walk r = read_pairs(w, count, classes_of);
                if (r != TINCT_WALKED) return r;
            } else if (count > 0) {
                return TINCT_WALK_UNSUITED;
            }
        } else {
            return TINCT_WALK_BROKEN;
        }
    }
}

static ALWAYS_INLINE enum tinct_walk texts_of(
    const uint8_t *bytes, size_t count, size_t at, struct tinct_struct_texts *found,
    struct tinct_byte_classes (*classes_of)(const uint8_t *, size_t, size_t)) {
    struct walk w = {bytes, bytes + at, bytes + count, found->texts, 0, found->capacity};
    if (count > UINT32_MAX) return TINCT_WALK_UNSUITED;
    const enum tinct_walk r = read_struct(&w, found->limit, classes_of);
    found->count = w.count;
    return r;
}

enum tinct_walk tinct_texts_of_plain(
    const uint8_t *bytes, size_t count, size_t at, struct tinct_struct_texts *found) {
    return texts_of(bytes, count, at, found, classes_plain);
}

#if defined(__x86_64__)
AVX512 static enum tinct_walk texts_avx512(
    const uint8_t *bytes, size_t count, size_t at, struct tinct_struct_texts *found) {
    return texts_of(bytes, count, at, found, classes_avx512);
}

static enum tinct_walk (*texts)(const uint8_t *, size_t, size_t, struct tinct_struct_texts *) = tinct_texts_of_plain;

__attribute__((constructor)) static void choose(void) {
    if (has_avx512()) texts = texts_avx512;
}

enum tinct_walk tinct_texts_of(const uint8_t *bytes, size_t count, size_t at, struct tinct_struct_texts *found) {
    return texts(bytes, count, at, found);
}
#else
enum tinct_walk tinct_texts_of(const uint8_t *bytes, size_t count, size_t at, struct tinct_struct_texts *found) {
    return tinct_texts_of_plain(bytes, count, at, found);
}
#endif
