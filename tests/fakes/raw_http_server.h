// A server that answers with bytes of the test's choice, well-formed HTTP or not.
#ifndef TESTS_FAKES_RAW_HTTP_SERVER_H_
#define TESTS_FAKES_RAW_HTTP_SERVER_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gate/base/mutex.h"

namespace gate {

// Listens on a free port of 127.0.0.1. One thread per connection; all end with the object.
class RawHttpServer {
 public:
  // Gets one whole request, and writes to the connection as it likes. Each connection takes one
  // request and is closed after it.
  using Script = std::function<void(const std::string& request, int connection)>;

  explicit RawHttpServer(Script script);
  ~RawHttpServer();
  RawHttpServer(const RawHttpServer&) = delete;
  RawHttpServer& operator=(const RawHttpServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  int requests() const { return requests_; }

  // Writes all; false when the other side has gone.
  static bool Send(int connection, const std::string& bytes);
  // A whole response.
  static std::string Response(int status, const std::string& content_type, const std::string& body);

 private:
  void Accept();
  void Serve(int connection);

  const Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> requests_ = 0;
  std::atomic<bool> stopping_ = false;
  Mutex mu_;
  std::vector<std::thread> connections_ GATE_GUARDED_BY(mu_);
  std::thread acceptor_;
};

}  // namespace gate

#endif  // TESTS_FAKES_RAW_HTTP_SERVER_H_
