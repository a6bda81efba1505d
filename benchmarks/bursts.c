// What the machine itself allows a replay of recorded times: a loop that never sleeps, sends a request whenever one is due,
// and drops what comes back. usage: bursts PORT FILE REQUEST CONNECTIONS; FILE holds due times as little-endian 64-bit ns.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static size_t whole(const char *path, char **bytes) {
    FILE *file = fopen(path, "rb");
    if (!file) exit(1);
    fseek(file, 0, SEEK_END);
    size_t size = ftell(file);
    rewind(file);
    *bytes = malloc(size + 1);
    if (fread(*bytes, 1, size, file) != size) exit(1);
    return size;
}

int main(int count, char **words) {
    if (count != 5) return 2;
    char *request, *file, dropped[4096];
    size_t total = whole(words[2], &file) / 8, length = whole(words[3], &request);
    const uint64_t *due = (const uint64_t *)file;
    int flows = atoi(words[4]), one = 1, *sockets = malloc(flows * sizeof *sockets);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (int i = 0; i < flows; i++) {
        sockets[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(sockets[i], (struct sockaddr *)&to, sizeof to) != 0) return 1;
        setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    uint64_t start = nanos() + 100000000;
    for (size_t i = 0; i < total; i++) {
        int next = sockets[i % flows], before = sockets[(i + flows - 1) % flows];
        // The reply to the request before this one, and to the last one on this connection.
        while (nanos() < start + due[i])
            if (recv(before, dropped, sizeof dropped, MSG_DONTWAIT) == 0) return 1;
        while (recv(next, dropped, sizeof dropped, MSG_DONTWAIT) > 0) {}
        if (send(next, request, length, MSG_NOSIGNAL) != (ssize_t)length) return 1;
    }
    usleep(100000);
}
