// Reads a file of framed calls of RiskDecision.evaluate, one behind the other, with the code that Apache Thrift's
// compiler generates: required fields are checked as its servers check them.
//   risk_frames binary|compact FILE
// Prints "decoded N", or the first frame that cannot be decoded, and exits 1.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include "RiskDecision.h"

using namespace apache::thrift;

int main(int argc, char **argv) {
  if (argc != 3) {
    std::cerr << "risk_frames binary|compact FILE\n";
    return 2;
  }
  std::ifstream file(argv[2], std::ios::binary);
  std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const bool compact = std::string(argv[1]) == "compact";
  size_t at = 0, count = 0;
  while (at < bytes.size()) {
    try {
      if (bytes.size() - at < 4) throw std::runtime_error("the file ends inside a frame's length");
      const uint32_t size = uint32_t(bytes[at]) << 24 | uint32_t(bytes[at + 1]) << 16 |
                            uint32_t(bytes[at + 2]) << 8 | uint32_t(bytes[at + 3]);
      at += 4;
      if (size > bytes.size() - at) throw std::runtime_error("the file ends inside a frame");
      auto memory = std::make_shared<transport::TMemoryBuffer>(&bytes[at], size);
      std::shared_ptr<protocol::TProtocol> protocol;
      if (compact)
        protocol = std::make_shared<protocol::TCompactProtocolT<transport::TMemoryBuffer>>(memory);
      else
        protocol = std::make_shared<protocol::TBinaryProtocolT<transport::TMemoryBuffer>>(memory);
      std::string name;
      protocol::TMessageType type;
      int32_t seqid;
      protocol->readMessageBegin(name, type, seqid);
      if (name != "evaluate" || type != protocol::T_CALL) throw std::runtime_error("no call of evaluate");
      tinct::risk::RiskDecision_evaluate_args arguments;
      arguments.read(protocol.get());
      protocol->readMessageEnd();
      if (memory->available_read() != 0) throw std::runtime_error("bytes are left in the frame");
      at += size;
      ++count;
    } catch (const std::exception &error) {
      std::cerr << "frame " << count << ": " << error.what() << "\n";
      return 1;
    }
  }
  std::cout << "decoded " << count << "\n";
  return 0;
}
