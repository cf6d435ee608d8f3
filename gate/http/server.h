// An HTTP/1.1 server: one address, one handler, and bounds on what a client may take of it. Knows
// nothing of what it serves.
#ifndef GATE_HTTP_SERVER_H_
#define GATE_HTTP_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/config/v1/config.pb.h"
#include "gate/identity/identify.h"

namespace gate {

struct HttpCall {
  std::string method;  // "GET"
  std::string path;    // "/v1/verdicts", decoded
  std::vector<std::pair<std::string, std::string>> query;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string content_type;
  std::string request_id;  // x-request-id, or empty
  std::string body;
  Shown shown;  // of who asks
};

struct HttpReply {
  int code = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct HttpBounds {
  // Connections at a time; more of them wait to be accepted. Each holds a thread.
  int connections = 64;
  int64_t body_bytes = 32 << 20;
  // For one read or write on the way, and for a connection that waits for its next request.
  int seconds = 5;
};

class HttpServer {
 public:
  // Called on any of the server's threads; may block.
  using Handler = std::function<HttpReply(const HttpCall&)>;

  // Listens and serves. FAILED_PRECONDITION where the address is taken or the certificates cannot
  // be used; these are read again when they change.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const config::v1::Listener& listener,
                                                           const HttpBounds& bounds,
                                                           Handler handler);
  // Takes no new connections, and waits for requests that are being answered.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "127.0.0.1:9480", with the port that was picked where the configuration says 0.
  const std::string& address() const;

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace gate

#endif  // GATE_HTTP_SERVER_H_
