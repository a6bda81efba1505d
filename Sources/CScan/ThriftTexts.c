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

/// Reads the classes of a text, as `tinct_byte_classes_of` does. Known where it is used, so that all of it stands there.
typedef struct tinct_byte_classes (*classes_reader)(const uint8_t *, size_t, size_t);

/// So many texts are judged together.
enum { TOGETHER = 64 };

/// Texts that were met, in columns, so that a vector holds the same of several of them.
struct met {
    uint64_t digit[TOGETHER], small[TOGETHER], letter[TOGETHER], hex[TOGETHER], dash[TOGETHER], dot[TOGETHER];
    uint64_t at[TOGETHER], percent[TOGETHER], colon[TOGETHER], space[TOGETHER], first[TOGETHER], length[TOGETHER];
    uint64_t kind[TOGETHER];
    uint32_t start[TOGETHER];
    size_t count;
};

struct walk {
    const uint8_t *bytes, *at, *end;
    struct tinct_struct_text *texts;
    size_t count, capacity;
    struct met met;
};

static inline uint32_t big_endian_32(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap32(value);
}

static inline size_t left(const struct walk *w) {
    return (size_t)(w->end - w->at);
}

/// Those runs of `digit` whose last digit is one of `ends`: their last sixteen digits.
static ALWAYS_INLINE uint64_t runs_ending(uint64_t digit, uint64_t ends) {
    uint64_t some = digit & ends, on = digit;
    for (int by = 1; by < 16; by *= 2) {
        some |= on & some >> by;
        on &= on >> by;
    }
    return some;
}

/// What is left of the events in a text when those are left out at which nothing would be found: all but a few of the
/// texts that have any. It knows what NumberShapes finds nothing in: a run of digits by its length and its neighbours.
static ALWAYS_INLINE uint64_t telling(
    uint64_t length, const struct tinct_byte_classes *c, const struct tinct_events *events) {
    const uint64_t d = c->digit;
    const uint64_t space = c->dash | c->space | c->colon;
    // The last byte has nothing behind it.
    const uint64_t last = (uint64_t)1 << ((length - 1) & 63);
    // Fourth digits of runs, to which the rest refers, and runs of at least 5, 6, 10 and 11 digits.
    const uint64_t fourth = events->runs & ~(events->runs << 1);
    const uint64_t five = d >> 1, six = five & d >> 2, ten = six & d >> 3 & d >> 4 & d >> 5 & d >> 6;
    const uint64_t more = ten & d >> 7;
    // In front of a small letter they are parts of hexadecimal ids.
    uint64_t nothing = runs_ending(d, c->small >> 1);
    // Six to nine digits, and ten that are not all of the text, are no identifier where they stand alone.
    const uint64_t alone = runs_ending(d, space >> 1 | last);
    nothing |= alone & (((space << 4 | 8) & six & ~ten) | (space << 4 & ten & ~more));
    // Five behind a letter and a dash are no group of a telephone number.
    nothing |= five & ~six & c->dash << 4 & c->letter << 5;
    // The last digit of an identifier with a dash before its check digits has dots six or eleven places before it.
    const uint64_t checks = d & d << 1 & c->dash << 2 & ~(d >> 1) & (c->dot << 6 | c->dot << 11);
    // An address of a network has three dots.
    const uint64_t but_one = c->dot & (c->dot - 1), but_two = but_one & (but_one - 1);
    const uint64_t parts = but_two != 0 ? d & c->dot << 1 & d << 2 : 0;
    // The second part of a web token begins with a letter.
    const uint64_t dots = c->dot & c->small >> 1;
    return (events->all & ~d & ~c->dot) | (fourth & ~nothing) | checks | parts | dots;
}

/// Eight, four, four, four and twelve hexadecimal digits.
static ALWAYS_INLINE bool is_uuid(uint64_t length, const struct tinct_byte_classes *c) {
    const uint64_t dashes = (uint64_t)1 << 8 | (uint64_t)1 << 13 | (uint64_t)1 << 18 | (uint64_t)1 << 23;
    const uint64_t all = ((uint64_t)1 << 36) - 1;
    return (length == 36) & (c->dash == dashes) & ((c->digit | c->hex) == (all & ~dashes));
}

/// Nothing else that stands alone is a name, an address (of a house or of a network), a MAC address or a CNPJ.
static ALWAYS_INLINE bool may_be_whole(uint64_t first, uint64_t length, const struct tinct_byte_classes *c) {
    const bool is_cnpj = (length == 14) & (c->small == 0);
    const bool is_mac = (length == 17) & (((c->dash | c->colon) & 4) != 0);
    // Latin letters make a name or an address of two words or more.
    const bool is_latin = ((first - 'A' < 26) | (first == 0xC3)) & ((c->dot | c->space) != 0);
    const bool is_han = first - 0xE4 < 6;
    // The first dot of an IPv4 address stands behind three digits at most, the first colon of an IPv6 address behind
    // four and a bracket.
    const bool is_ipv4 = (first - '0' < 10) & (length - 7 < 9) & ((c->dot & 0xF) != 0);
    return is_cnpj | is_mac | is_latin | is_han | is_ipv4 | ((c->colon & 0x3F) != 0);
}

/// Keeps those of the texts that were met in which something has to be looked at. False when there are more than fit.
///
/// No branch here depends on a text: one that goes another way than foreseen costs more than all that is done for it.
static ALWAYS_INLINE bool judge(struct walk *w) {
    struct met *m = &w->met;
    uint64_t events[TOGETHER], runs[TOGETHER], others[TOGETHER];
    uint64_t whole[TOGETHER], json[TOGETHER], uuid[TOGETHER], kept = 0;
    const size_t count = m->count;
    m->count = 0;
    // Whole vectors: what is made of places behind the last text is left out below.
    for (size_t i = 0; i < (count + 7) / 8 * 8; i++) {
        const struct tinct_byte_classes c = {
            .digit = m->digit[i], .small = m->small[i], .letter = m->letter[i], .hex = m->hex[i], .dash = m->dash[i],
            .dot = m->dot[i], .at = m->at[i], .percent = m->percent[i], .colon = m->colon[i], .space = m->space[i]};
        const struct tinct_text_events e = text_events(c);
        events[i] = telling(m->length[i], &c, &e.events);
        runs[i] = e.events.runs;
        others[i] = e.events.others;
        // Longer texts have to be read; shorter ones are only names.
        const uint64_t length = m->length[i];
        whole[i] = ((length > 64) | may_be_whole(m->first[i], length, &c)) & (length > 4);
        uuid[i] = is_uuid(length, &c);
        json[i] = ((m->first[i] == '{') | (m->first[i] == '[')) & (length > 4);
        kept |= (uint64_t)((m->kind[i] != TINCT_TEXT_PLAIN) | whole[i] | json[i] | uuid[i] | (events[i] != 0)) << i;
    }
    if (count < TOGETHER) kept &= ((uint64_t)1 << count) - 1;
    if ((size_t)__builtin_popcountll(kept) > w->capacity - w->count) return false;
    for (; kept != 0; kept &= kept - 1) {
        struct tinct_struct_text *r = &w->texts[w->count++];
        const int i = __builtin_ctzll(kept);
        const uint64_t length = m->length[i];
        r->start = m->start[i];
        r->count = (uint32_t)length;
        r->kind = (uint8_t)m->kind[i];
        r->is_short = length <= 64;
        r->may_be_json = (uint8_t)json[i];
        r->is_uuid = (uint8_t)uuid[i];
        r->may_be_whole = (uint8_t)whole[i];
        r->text = (struct tinct_text_events){m->digit[i], m->dot[i], {runs[i], others[i], events[i]}};
    }
    return true;
}

/// A text, whose length comes first. The kind says what it is in a map.
static ALWAYS_INLINE enum tinct_walk read_text(
    struct walk *w, enum tinct_text_kind kind, classes_reader classes_of) {
    if (left(w) < 4) return TINCT_WALK_BROKEN;
    const uint32_t count = big_endian_32(w->at);
    const uint8_t *text = w->at + 4;
    w->at = text;
    if (count > left(w)) return TINCT_WALK_BROKEN;
    w->at += count;
    if (count == 0 || (count < 5 && kind == TINCT_TEXT_PLAIN)) return TINCT_WALKED;
    struct met *m = &w->met;
    if (m->count == TOGETHER && !judge(w)) return TINCT_WALK_UNSUITED;
    const size_t i = m->count++;
    struct tinct_byte_classes c = {0};
    if (count >= 5 && count <= 64) c = classes_of(text, count, (size_t)(w->end - text));
    m->digit[i] = c.digit, m->small[i] = c.small, m->letter[i] = c.letter, m->hex[i] = c.hex, m->dash[i] = c.dash;
    m->dot[i] = c.dot, m->at[i] = c.at, m->percent[i] = c.percent, m->colon[i] = c.colon, m->space[i] = c.space;
    m->first[i] = text[0];
    m->length[i] = count;
    m->start[i] = (uint32_t)(text - w->bytes);
    m->kind[i] = kind;
    return TINCT_WALKED;
}

/// The pairs of a map from text to text.
static ALWAYS_INLINE enum tinct_walk read_pairs(
    struct walk *w, uint32_t pairs, classes_reader classes_of) {
    for (uint32_t i = 0; i < pairs; i++) {
        const uint8_t *const key = w->at;
        enum tinct_walk r = read_text(w, TINCT_TEXT_KEY, classes_of);
        if (r != TINCT_WALKED) return r;
        // An empty key names nothing.
        r = read_text(w, w->at == key + 4 ? TINCT_TEXT_PLAIN : TINCT_TEXT_NAMED, classes_of);
        if (r != TINCT_WALKED) return r;
    }
    return TINCT_WALKED;
}

static ALWAYS_INLINE enum tinct_walk read_struct(
    struct walk *w, size_t limit, classes_reader classes_of) {
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
    const uint8_t *bytes, size_t count, size_t at, struct tinct_struct_texts *found, classes_reader classes_of) {
    struct walk w;
    w.bytes = bytes, w.at = bytes + at, w.end = bytes + count;
    w.texts = found->texts, w.count = 0, w.capacity = found->capacity;
    w.met.count = 0;
    if (count > UINT32_MAX) return TINCT_WALK_UNSUITED;
    enum tinct_walk r = read_struct(&w, found->limit, classes_of);
    if (!judge(&w)) r = TINCT_WALK_UNSUITED;
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
