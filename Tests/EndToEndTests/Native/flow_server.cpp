// An HTTP server that holds its clients to the order and to the ids of a business flow.
//
//   flow_server PORT [RESETS]
//
// POST with {"user":"...","n":N}: N must rise for each user; the request is counted as disorder when it does not.
// POST /orders: makes an order with an id of 4 to 20 characters.
// POST /orders/ID/confirm with {"token":"..."}: the id must be known, the token the one of its creation, and it must not
// be confirmed. GET /orders/ID: it must be confirmed. Everything else is 404, 403 or 409.
//
// Of RESETS requests one has its connection reset, half of them before the request is looked at. Requests on one
// connection are answered in turn. At SIGTERM the counts go to stdout as JSON.
#include <arpa/inet.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <unistd.h>
#include <unordered_map>

namespace {

volatile std::sig_atomic_t stopped = 0;
long requests = 0, ordered = 0, disorder = 0, resets = 0, connections = 0, created = 0, confirmed = 0, queried = 0,
     refused = 0;
std::unordered_map<std::string, long> last;
struct Order {
    std::string token;
    bool isConfirmed = false;
};
std::unordered_map<std::string, Order> orders;
unsigned long long state = 88172645463325252ull;

unsigned long long draw() {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

std::string name(int length) {
    std::string text;
    for (int i = 0; i < length; i++) text += "abcdefghijklmnopqrstuvwxyz0123456789"[draw() % 36];
    return text;
}

// The text or number behind "key": in a flat JSON object.
std::string member(std::string_view body, std::string_view key) {
    auto at = body.find("\"" + std::string(key) + "\":");
    if (at == std::string_view::npos) return "";
    at += key.size() + 3;
    while (at < body.size() && body[at] == ' ') at++;
    if (at < body.size() && body[at] == '"') {
        auto end = body.find('"', at + 1);
        return std::string(body.substr(at + 1, end - at - 1));
    }
    auto end = body.find_first_of(",}", at);
    return std::string(body.substr(at, end - at));
}

std::string reply(int status, const std::string& body) {
    if (status >= 400) refused++;
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string answer(std::string_view method, std::string_view path, std::string_view body) {
    requests++;
    if (path == "/orders" && method == "POST") {
        std::string id = name(4 + draw() % 17), token = name(4 + draw() % 40);
        orders[id].token = token;
        created++;
        return reply(201, "{\"order\":{\"id\":\"" + id + "\"},\"token\":\"" + token + "\"}");
    }
    if (path.substr(0, 8) == "/orders/") {
        auto rest = path.substr(8);
        bool confirms = rest.size() > 8 && rest.substr(rest.size() - 8) == "/confirm";
        auto found = orders.find(std::string(confirms ? rest.substr(0, rest.size() - 8) : rest));
        if (found == orders.end()) return reply(404, "{}");
        if (confirms) {
            if (member(body, "token") != found->second.token) return reply(403, "{}");
            if (found->second.isConfirmed) return reply(409, "{}");
            found->second.isConfirmed = true;
            confirmed++;
            return reply(200, "{\"confirmed\":true}");
        }
        if (!found->second.isConfirmed) return reply(409, "{}");
        queried++;
        return reply(200, "{\"status\":\"confirmed\"}");
    }
    auto user = member(body, "user");
    if (user.empty()) return reply(404, "{}");
    long n = atol(member(body, "n").c_str());
    auto [entry, isNew] = last.try_emplace(user, n);
    if (isNew || n > entry->second) ordered++; else disorder++;
    entry->second = n;
    return reply(200, "{}");
}

// False when the connection is to be reset.
bool serve(int fd, std::string& buffer, long every) {
    size_t done = 0;
    while (true) {
        std::string_view rest(buffer.data() + done, buffer.size() - done);
        auto end = rest.find("\r\n\r\n");
        if (end == std::string_view::npos) break;
        auto head = rest.substr(0, end);
        size_t length = 0;
        for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2))
            if (strncasecmp(head.data() + at + 2, "content-length:", 15) == 0) length = strtoul(head.data() + at + 17, nullptr, 10);
        if (rest.size() < end + 4 + length) break;
        auto method = head.substr(0, head.find(' '));
        auto path = head.substr(method.size() + 1);
        path = path.substr(0, path.find_first_of(" ?"));
        bool resetting = every > 0 && draw() % every == 0;
        if (resetting && draw() % 2) return resets++, false;
        auto text = answer(method, path, rest.substr(end + 4, length));
        if (resetting) return resets++, false;
        if (write(fd, text.data(), text.size()) < 0) return true;
        done += end + 4 + length;
    }
    buffer.erase(0, done);
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return fprintf(stderr, "flow_server PORT [RESETS]\n"), 2;
    long every = argc > 2 ? atol(argv[2]) : 0;
    signal(SIGTERM, [](int) { stopped = 1; });
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(atoi(argv[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (sockaddr*)&address, sizeof address) || listen(listener, 1024)) return perror("listen"), 1;
    int poll = epoll_create1(0);
    epoll_event event{EPOLLIN, {.fd = listener}};
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    std::unordered_map<int, std::string> buffers;
    static char block[65536];
    while (!stopped) {
        epoll_event events[256];
        int count = epoll_wait(poll, events, 256, 100);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int accepted = accept(listener, nullptr, nullptr);
                if (accepted < 0) continue;
                setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                event = {EPOLLIN, {.fd = accepted}};
                epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &event);
                buffers[accepted].clear();
                connections++;
                continue;
            }
            ssize_t got = read(fd, block, sizeof block);
            bool stays = got > 0;
            if (stays) {
                auto& buffer = buffers[fd];
                buffer.append(block, got);
                stays = serve(fd, buffer, every);
                if (!stays) {
                    linger hard{1, 0};
                    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
                }
            }
            if (!stays) {
                close(fd);
                buffers.erase(fd);
            }
        }
    }
    printf("{\"requests\":%ld,\"users\":%zu,\"ordered\":%ld,\"disorder\":%ld,\"resets\":%ld,\"connections\":%ld,"
           "\"created\":%ld,\"confirmed\":%ld,\"queried\":%ld,\"refused\":%ld}\n",
           requests, last.size(), ordered, disorder, resets, connections, created, confirmed, queried, refused);
}
