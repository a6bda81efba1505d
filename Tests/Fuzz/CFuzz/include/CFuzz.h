#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with its command line. It is linked in by `-sanitize=fuzzer`; its own main function is not used.
int tinct_fuzz_run(int argc, char **argv, int (*callback)(const uint8_t *bytes, size_t count));
