// Answers framed Thrift calls, strict Binary and Compact alike, with a void result that has the caller's name and seqid:
// the target of the mixed load. usage: mixed_server PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
enum { room = 1 << 20 };
typedef struct {
    int fd;
    uint32_t length;
    uint8_t bytes[room];
} connection;

// Bytes of the reply to the message at `call`, written behind a frame length.
static uint32_t answer(const uint8_t *call, uint8_t *reply) {
    uint32_t count, name;
    if (call[0] == 0x80) {
        memcpy(&name, call + 4, 4);
        count = 12 + ntohl(name);
        memcpy(reply + 4, call, count);
        reply[7] = 2;
    } else {
        // Method names of these loads are shorter than 128 bytes.
        uint32_t at = 2;
        while (call[at] & 0x80) at++;
        count = at + 2 + call[at + 1];
        memcpy(reply + 4, call, count);
        reply[5] = 0x41;
    }
    reply[4 + count++] = 0;
    uint32_t length = htonl(count);
    memcpy(reply, &length, 4);
    return 4 + count;
}

int main(int count, char **words) {
    if (count != 2) return 2;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 1024)) {
        perror("listen");
        return 2;
    }
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN}, events[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    static uint8_t out[room];
    for (;;) {
        int ready = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            connection *c = events[i].data.ptr;
            if (!c) {
                int fd;
                while ((fd = accept4(listener, 0, 0, 0)) >= 0) {
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    c = malloc(sizeof *c);
                    c->fd = fd;
                    c->length = 0;
                    event.data.ptr = c;
                    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
                }
                continue;
            }
            ssize_t got = recv(c->fd, c->bytes + c->length, room - c->length, MSG_DONTWAIT);
            if (got <= 0) {
                if (got < 0 && errno == EAGAIN) continue;
                close(c->fd);
                free(c);
                continue;
            }
            c->length += got;
            uint32_t at = 0, written = 0;
            while (c->length - at >= 4) {
                uint32_t length;
                memcpy(&length, c->bytes + at, 4);
                length = ntohl(length);
                if (c->length - at < 4 + length || written > room - 512) break;
                written += answer(c->bytes + at + 4, out + written);
                at += 4 + length;
            }
            if (at < c->length && at) memmove(c->bytes, c->bytes + at, c->length - at);
            c->length -= at;
            if (written) send(c->fd, out, written, MSG_NOSIGNAL);
        }
    }
}
