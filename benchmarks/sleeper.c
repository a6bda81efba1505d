// How late a bare loop wakes that sleeps until absolute times: what the machine itself allows a pacer.
// usage: sleeper RATE SECONDS; prints percentiles of the lateness in microseconds as JSON.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static uint64_t nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    double rate = atof(words[1]);
    uint64_t total = rate * atof(words[2]), *late = malloc(total * sizeof *late);
    for (uint64_t i = 0; i < total; i++) late[i] = 0;
    prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
    uint64_t start = nanos() + 1000000;
    for (uint64_t i = 0; i < total; i++) {
        uint64_t due = start + i * 1e9 / rate;
        struct timespec time = {due / 1000000000, due % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, 0);
        late[i] = nanos() - due;
    }
    qsort(late, total, sizeof *late, compare);
    printf("{\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f}\n", late[total / 2] / 1e3,
           late[total * 99 / 100] / 1e3, late[total * 999 / 1000] / 1e3, late[total - 1] / 1e3);
}
