#include "CLinux.h"

#include <string.h>

/// The reversed Castagnoli polynomial, one bit at a time into a table of bytes.
static uint32_t crc32c_table(const uint8_t *bytes, size_t count) {
    static _Thread_local uint32_t table[256];
    if (table[1] == 0) {
        for (uint32_t value = 0; value < 256; value++) {
            uint32_t remainder = value;
            for (int bit = 0; bit < 8; bit++) {
                remainder = (remainder >> 1) ^ (0x82F63B78u & (0u - (remainder & 1u)));
            }
            table[value] = remainder;
        }
    }
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t index = 0; index < count; index++) {
        crc = table[(crc ^ bytes[index]) & 0xFFu] ^ (crc >> 8);
    }
    return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(const uint8_t *bytes, size_t count) {
    uint64_t crc = 0xFFFFFFFFu;
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        crc = __builtin_ia32_crc32di(crc, word);
    }
    for (; count > 0; bytes++, count--) {
        crc = __builtin_ia32_crc32qi((uint32_t)crc, *bytes);
    }
    return ~(uint32_t)crc;
}
#endif

uint32_t kennel_crc32c(const void *bytes, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) {
        return crc32c_sse42(bytes, count);
    }
#endif
    return crc32c_table(bytes, count);
}
