#include "CScan.h"

struct tinct_byte_classes tinct_byte_classes_of(const uint8_t *bytes, size_t count) {
    uint8_t block[64] = {0};
    memcpy(block, bytes, count < 64 ? count : 64);
    return tinct_byte_classes_64(block);
}
