#pragma once
#include <stddef.h>
#include <stdint.h>

/// How many draws are made side by side: counts of draws, and of lanes, are multiples of it.
#define TINCT_RANDOM_LANES 8

/// The low halves of `count` blocks of Philox4x32-10: draw i under keys[i] at the counter (registers[scopes[i]],
/// uppers[i]) goes to lows[i]. Scopes are indices of `registers`, and uppers are below 2^32.
void tinct_draw_one(const uint64_t *keys, const uint64_t *uppers, const uint32_t *scopes, size_t count,
    const uint64_t *registers, uint64_t *lows);

/// The same for `lanes` sets of registers: register r of lane j is registers[r * lanes + j], and draw i of it goes to
/// lows[i * lanes + j].
void tinct_draw_lanes(const uint64_t *keys, const uint64_t *uppers, const uint32_t *scopes, size_t count,
    const uint64_t *registers, size_t lanes, uint64_t *lows);

/// Where a keyed permutation of 0 ..< count puts `lanes` indices, a multiple of 4; see Permutation in the module Synthesis
/// for a, b and key.
void tinct_permute(uint64_t count, uint64_t a, uint64_t b, uint64_t key, const uint64_t *indices, size_t lanes,
    uint64_t *places);
