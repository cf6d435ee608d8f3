// What the server tells and does to a connection, below the calls: frames of HTTP/2 (RFC 9113) over
// a bare socket.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "tests/rpc/rpc_fixture.h"

namespace gate {
namespace {

// Types of frames and identifiers of settings, RFC 9113 sections 6 and 6.5.2; 11.4 for errors.
constexpr int kSettings = 4, kPing = 6, kGoAway = 7;
constexpr int kMaxConcurrentStreams = 3, kMaxHeaderListSize = 6;
constexpr uint32_t kEnhanceYourCalm = 11;

struct Frame {
  int type = 0;
  std::string payload;
};

uint32_t Number(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string FrameBytes(int type, std::string_view payload) {
  std::string bytes = {0, 0, static_cast<char>(payload.size()), static_cast<char>(type), 0};
  bytes.append(4, '\0');  // The connection's own stream.
  return bytes.append(payload);
}

class Connection {
 public:
  explicit Connection(const std::string& address) {
    int port = 0;
    if (!absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port)) return;
    sockaddr_in server = {};
    server.sin_family = AF_INET;
    server.sin_port = htons(static_cast<uint16_t>(port));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience = {10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd_, reinterpret_cast<sockaddr*>(&server), sizeof(server)) != 0) return;
    Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + FrameBytes(kSettings, ""));
  }
  ~Connection() { close(fd_); }

  bool Send(std::string_view bytes) {
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // Nothing once the server has closed, or has been silent for long.
  std::optional<Frame> Read() {
    const std::string head = Bytes(9);
    if (head.size() < 9) return std::nullopt;
    return Frame{head[3], Bytes(Number(head.substr(0, 3)))};
  }
  std::optional<Frame> ReadUntil(int type) {
    std::optional<Frame> frame = Read();
    while (frame && frame->type != type) frame = Read();
    return frame;
  }

 private:
  std::string Bytes(size_t count) {
    std::string bytes(count, '\0');
    const ssize_t got = count == 0 ? 0 : recv(fd_, bytes.data(), count, MSG_WAITALL);
    bytes.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return bytes;
  }

  const int fd_ = socket(AF_INET, SOCK_STREAM, 0);
};

class Http2Test : public RpcTest {};

TEST_F(Http2Test, AConnectionIsToldItsBounds) {
  config::v1::Limits limits = StandardLimits();
  limits.set_max_streams_per_connection(7);
  Serve(64, limits);
  Connection connection(server_->address());
  const std::optional<Frame> settings = connection.ReadUntil(kSettings);
  ASSERT_TRUE(settings);
  std::map<int, uint32_t> values;
  for (size_t at = 0; at + 6 <= settings->payload.size(); at += 6) {
    values[static_cast<int>(Number(settings->payload.substr(at, 2)))] =
        Number(settings->payload.substr(at + 2, 4));
  }
  EXPECT_EQ(values[kMaxConcurrentStreams], 7u);
  EXPECT_EQ(values[kMaxHeaderListSize], 16u << 10);
}

TEST_F(Http2Test, WhoPingsAllTheTimeIsCutOff) {
  Serve();
  Connection connection(server_->address());
  for (int i = 0; i < 100; ++i) connection.Send(FrameBytes(kPing, "12345678"));
  const std::optional<Frame> farewell = connection.ReadUntil(kGoAway);
  ASSERT_TRUE(farewell);
  EXPECT_EQ(Number(farewell->payload.substr(4, 4)), kEnhanceYourCalm);
  v1::Verdict verdict;
  EXPECT_TRUE(Evaluate(TestGate::Allowed(), &verdict).ok());
}

TEST_F(Http2Test, GarbageEndsItsConnectionOnly) {
  Serve();
  for (const std::string& garbage :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(1 << 16, '\xff'),
        FrameBytes(kSettings, "odd"), FrameBytes(kGoAway, "")}) {
    Connection connection(server_->address());
    connection.Send(garbage);
    while (connection.Read()) {
    }
  }
  v1::Verdict verdict;
  EXPECT_TRUE(Evaluate(TestGate::Allowed(), &verdict).ok());
}

TEST_F(Http2Test, MetadataHasABound) {
  Serve();
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", std::string(32 << 10, 'a'));
  v1::Verdict verdict;
  const grpc::Status status =
      v1::Gate::NewStub(channel_)->Evaluate(&context, TestGate::Allowed(), &verdict);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_EQ(verdict.decision(), v1::DECISION_UNSPECIFIED);
}

}  // namespace
}  // namespace gate
