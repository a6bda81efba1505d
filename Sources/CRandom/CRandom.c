#include "CRandom.h"
#include <string.h>

// Lanes of 64 bits that hold 32 each: the product of two such is what a vector multiplication gives, and what stands
// above the low half is dropped where it is next used. The compiler makes of a group of lanes what the machine has.
typedef uint64_t group __attribute__((vector_size(8 * TINCT_RANDOM_LANES)));

// Which machine it is, is found out before ThreadSanitizer, which would watch that, has come up.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ONE_MACHINE
#endif
#endif
#if defined(__x86_64__) && defined(__linux__) && !defined(ONE_MACHINE)
#define FOR_EACH_MACHINE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define FOR_EACH_MACHINE
#endif

static inline __attribute__((always_inline)) void block(
    const uint64_t *counters, const group *upper, const group *key, uint64_t *lows) {
    const group low = (group){} + 0xFFFFFFFFu;
    group counter;
    memcpy(&counter, counters, sizeof counter);
    group c0 = counter, c1 = counter >> 32, c2 = *upper, c3 = (group){};
    group k0 = *key, k1 = *key >> 32;
    for (int round = 0; round < 10; round++) {
        const group a = (c0 & low) * 0xD2511F53u, b = (c2 & low) * 0xCD9E8D57u;
        c0 = (b >> 32) ^ c1 ^ k0;
        c2 = (a >> 32) ^ c3 ^ k1;
        c1 = b;
        c3 = a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    const group result = (c1 << 32) | (c0 & low);
    memcpy(lows, &result, sizeof result);
}

FOR_EACH_MACHINE
void tinct_draw_one(const uint64_t *keys, const uint64_t *uppers, const uint32_t *scopes, size_t count,
    const uint64_t *registers, uint64_t *lows) {
    for (size_t at = 0; at < count; at += TINCT_RANDOM_LANES) {
        uint64_t counters[TINCT_RANDOM_LANES];
        for (int i = 0; i < TINCT_RANDOM_LANES; i++)
            counters[i] = registers[scopes[at + i]];
        group upper, key;
        memcpy(&upper, uppers + at, sizeof upper);
        memcpy(&key, keys + at, sizeof key);
        block(counters, &upper, &key, lows + at);
    }
}

FOR_EACH_MACHINE
void tinct_draw_lanes(const uint64_t *keys, const uint64_t *uppers, const uint32_t *scopes, size_t count,
    const uint64_t *registers, size_t lanes, uint64_t *lows) {
    for (size_t i = 0; i < count; i++) {
        const group upper = (group){} + uppers[i], key = (group){} + keys[i];
        const uint64_t *counters = registers + scopes[i] * lanes;
        for (size_t lane = 0; lane < lanes; lane += TINCT_RANDOM_LANES)
            block(counters + lane, &upper, &key, lows + i * lanes + lane);
    }
}

static inline uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline uint64_t add(uint64_t value, uint64_t bits, uint64_t bound) {
    const uint64_t sum = value + (uint64_t)(((unsigned __int128)bits * bound) >> 64);
    return sum >= bound ? sum - bound : sum;
}

/// Once through the network, for `width` values.
static inline __attribute__((always_inline)) void pass(
    uint64_t a, uint64_t b, uint64_t key, uint64_t *values, int width) {
    uint64_t left[4], right[4];
    for (int i = 0; i < width; i++) {
        right[i] = values[i] / a;
        left[i] = values[i] % a;
    }
    for (int round = 0; round < 4; round++) {
        key += 0x9E3779B97F4A7C15u;
        for (int i = 0; i < width; i++)
            left[i] = add(left[i], mix(right[i] ^ key), a);
        key += 0x9E3779B97F4A7C15u;
        for (int i = 0; i < width; i++)
            right[i] = add(right[i], mix(left[i] ^ key), b);
    }
    for (int i = 0; i < width; i++)
        values[i] = right[i] * a + left[i];
}

void tinct_permute(uint64_t count, uint64_t a, uint64_t b, uint64_t key, const uint64_t *indices, size_t lanes,
    uint64_t *places) {
    for (size_t at = 0; at < lanes; at += 4) {
        // Four at once, because each alone is a chain in which every step waits for the one before.
        uint64_t values[4];
        for (int i = 0; i < 4; i++)
            values[i] = indices[at + i] < count ? indices[at + i] : indices[at + i] % count;
        pass(a, b, key, values, 4);
        for (int i = 0; i < 4; i++) {
            while (values[i] >= count)
                pass(a, b, key, values + i, 1);
            places[at + i] = values[i];
        }
    }
}
