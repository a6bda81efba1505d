// The risk decision as a service, made of Apache Thrift's C++ library and schemas/risk_decision.thrift alone: an
// independent witness of what Tinct sends. Decides by simple published rules, counts what it decoded, and on SIGTERM or
// SIGINT prints its counts as one JSON object.
//
//   risk_server PORT [binary|compact] [--count-ids]
//
// Rules, in this order: country `XX` raises RiskError invalidArgument; a user id that begins with `throttle` raises
// Throttled; one that begins with `crash` fails as a handler with a bug does (TApplicationException of the unknown type);
// else the score is 900 for an emulated or rooted device, 700 above 500,000 minor units, 500 above 200,000, else 100,
// plus 10 for each failed login of the last day; from 800 decline, from 650 review, from 450 stepUp, else approve.

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_set>

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/server/TNonblockingServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TNonblockingServerSocket.h>

#include "RiskDecision.h"

using namespace apache::thrift;
using namespace tinct::risk;

namespace {

// All of it is touched by the server's one loop only, and read after that has ended.
struct Counts {
    uint64_t connections = 0, calls = 0, evaluate = 0, report = 0, unknownMethods = 0, decodeFailures = 0;
    uint64_t withTrace = 0, tagged = 0, trailingBytes = 0, declaredExceptions = 0, repeatedIds = 0;
    uint64_t decisions[5] = {};
    bool countsIds = false;
    std::unordered_set<std::string> ids;

    void sawTrace(bool present, const Trace& trace) {
        if (!present) return;
        ++withTrace;
        if (trace.__isset.hintCode && (trace.hintCode & 1)) ++tagged;
    }

    void sawId(const std::string& id) {
        if (countsIds && !ids.insert(id).second) ++repeatedIds;
    }
};

class Handler : public RiskDecisionIf {
public:
    explicit Handler(Counts& counts) : counts_(counts) {}

    void evaluate(RiskResponse& response, const RiskRequest& req) override {
        ++counts_.evaluate;
        counts_.sawTrace(req.__isset.trace, req.trace);
        counts_.sawId(req.requestId);
        if (req.country == "XX") {
            ++counts_.declaredExceptions;
            RiskError error;
            error.code = ErrorCode::invalidArgument;
            error.message = "country is not one of ISO 3166-1";
            error.__set_field("country");
            error.__set_requestId(req.requestId);
            throw error;
        }
        if (req.user.userId.rfind("throttle", 0) == 0) {
            ++counts_.declaredExceptions;
            Throttled throttled;
            throttled.retryAfterMillis = 250;
            throttled.__set_message("over the rate of this user");
            throw throttled;
        }
        if (req.user.userId.rfind("crash", 0) == 0) throw std::runtime_error("the rule set could not be loaded");
        decide(response, req);
    }

    void report(const RiskEvent& event) override {
        ++counts_.report;
        counts_.sawTrace(event.__isset.trace, event.trace);
        counts_.sawId(event.eventId);
    }

private:
    void reason(RiskResponse& response, const char* code, const char* message, double weight) {
        Reason reason;
        reason.code = code;
        reason.__set_message(message);
        reason.__set_weight(weight);
        response.reasons.push_back(reason);
    }

    void decide(RiskResponse& response, const RiskRequest& req) {
        response.requestId = req.requestId;
        int score = 100;
        if (req.device.emulator || req.device.rooted) {
            score = 900;
            reason(response, "device_tampered", "the device is emulated or rooted", 0.8);
        } else if (req.__isset.payment && req.payment.amountMinor > 500000) {
            score = 700;
            reason(response, "amount_high", "the amount is far above the usual", 0.55);
        } else if (req.__isset.payment && req.payment.amountMinor > 200000) {
            score = 500;
            reason(response, "amount_raised", "the amount is above the usual", 0.35);
        }
        if (req.user.failedLoginsLastDay > 0) {
            score += 10 * std::min(req.user.failedLoginsLastDay, 10);
            reason(response, "failed_logins", "logins failed within a day", 0.125);
        }
        response.score = score;
        response.decision = score >= 800 ? Decision::decline
            : score >= 650             ? Decision::review
            : score >= 450             ? Decision::stepUp
                                       : Decision::approve;
        ++counts_.decisions[response.decision];
        response.__set_model("rules-7");
        response.__set_ruleSet("payments");
        response.__set_fallback(false);
        response.__set_decidedAtMillis(req.eventTimeMillis + 3);
        if (response.decision == Decision::stepUp) response.__set_challenge(Challenge::oneTimeCode);
        if (response.decision == Decision::decline) {
            response.__set_listsHit({"device_block", "network_watch"});
            response.__set_modelScores({{"device", 0.97}, {"velocity", 0.25}});
        }
    }

    Counts& counts_;
};

/// Notes what the library could not decode, what nobody serves, and bytes that stood behind a message in its frame.
class CountingProcessor : public RiskDecisionProcessor {
public:
    CountingProcessor(std::shared_ptr<RiskDecisionIf> handler, Counts& counts)
        : RiskDecisionProcessor(handler), counts_(counts) {}

protected:
    bool dispatchCall(protocol::TProtocol* in, protocol::TProtocol* out, const std::string& name, int32_t seqid,
                      void* context) override {
        ++counts_.calls;
        if (name != "evaluate" && name != "report") ++counts_.unknownMethods;
        try {
            bool more = RiskDecisionProcessor::dispatchCall(in, out, name, seqid, context);
            auto* frame = dynamic_cast<transport::TMemoryBuffer*>(in->getTransport().get());
            if (frame) counts_.trailingBytes += frame->available_read();
            return more;
        } catch (const TException&) {
            ++counts_.decodeFailures;
            throw;
        }
    }

private:
    Counts& counts_;
};

class ConnectionCounter : public server::TServerEventHandler {
public:
    explicit ConnectionCounter(Counts& counts) : counts_(counts) {}
    void* createContext(std::shared_ptr<protocol::TProtocol>, std::shared_ptr<protocol::TProtocol>) override {
        ++counts_.connections;
        return nullptr;
    }

private:
    Counts& counts_;
};

void print(const Counts& counts) {
    auto field = [](const char* name, uint64_t value) { printf("\"%s\":%llu,", name, (unsigned long long)value); };
    printf("{");
    field("connections", counts.connections);
    field("calls", counts.calls);
    field("evaluate", counts.evaluate);
    field("report", counts.report);
    field("unknownMethods", counts.unknownMethods);
    field("decodeFailures", counts.decodeFailures);
    field("trailingBytes", counts.trailingBytes);
    field("withTrace", counts.withTrace);
    field("tagged", counts.tagged);
    field("declaredExceptions", counts.declaredExceptions);
    field("approve", counts.decisions[Decision::approve]);
    field("decline", counts.decisions[Decision::decline]);
    field("review", counts.decisions[Decision::review]);
    field("stepUp", counts.decisions[Decision::stepUp]);
    if (counts.countsIds) field("distinctIds", counts.ids.size());
    printf("\"repeatedIds\":%llu}\n", (unsigned long long)counts.repeatedIds);
    fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: risk_server PORT [binary|compact] [--count-ids]\n");
        return 2;
    }
    Counts counts;
    std::shared_ptr<protocol::TProtocolFactory> encoding = std::make_shared<protocol::TBinaryProtocolFactory>();
    for (int i = 2; i < argc; ++i) {
        if (!strcmp(argv[i], "compact")) encoding = std::make_shared<protocol::TCompactProtocolFactory>();
        if (!strcmp(argv[i], "--count-ids")) counts.countsIds = true;
    }

    // Blocked before the server's thread starts, so that only sigwait below sees them.
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stops, nullptr);
    signal(SIGPIPE, SIG_IGN);

    auto processor = std::make_shared<CountingProcessor>(std::make_shared<Handler>(counts), counts);
    auto socket = std::make_shared<transport::TNonblockingServerSocket>("127.0.0.1", atoi(argv[1]));
    server::TNonblockingServer server(processor, encoding, socket);
    server.setServerEventHandler(std::make_shared<ConnectionCounter>(counts));
    std::thread loop([&server] {
        try {
            server.serve();
        } catch (const std::exception& error) {
            fprintf(stderr, "risk_server: %s\n", error.what());
            _exit(1);
        }
    });
    int stop = 0;
    sigwait(&stops, &stop);
    server.stop();
    loop.join();
    print(counts);
    return 0;
}
