// A network that fails as it is told to: passes TCP connections of 127.0.0.1 on to a server, until
// it refuses, falls silent, cuts answers or delays them. Switched while connections are open.
#ifndef TESTS_FAKES_TCP_PROXY_H_
#define TESTS_FAKES_TCP_PROXY_H_

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <list>
#include <string>
#include <thread>

namespace gate {

// Thread-safe. One thread; it and all connections end with the object.
class TcpProxy {
 public:
  // To a unix socket by its path, or to a port of 127.0.0.1.
  explicit TcpProxy(const std::string& path) : TcpProxy(UnixSocket(path)) {}
  explicit TcpProxy(int port) : TcpProxy(Loopback(port)) {}
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }

  enum class Mode {
    kPass,
    kRefuse,  // open connections are closed, new ones refused
    kSilent,  // no byte and no end of a connection arrives at the other side any more; new
              // connections are accepted. Those that were open then stay silent for ever: whoever
              // waits for an answer on one has to give it up.
    kCut,     // half of the next answer arrives, then the connection is closed
    kDelay,   // each byte arrives so much later
  };
  // In force when this returns.
  void Set(Mode mode, std::chrono::milliseconds delay = std::chrono::milliseconds(0));

 private:
  using Time = std::chrono::steady_clock::time_point;
  // Bytes on their way from one side to the other.
  struct Way {
    std::string bytes;
    Time due;
  };
  struct Connection {
    int client = -1;
    int server = -1;  // -1: accepted in silence, and nobody was told
    bool silent = false;
    Way there, back;
  };

  struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
  };
  static Address Loopback(int port);
  static Address UnixSocket(const std::string& path);

  explicit TcpProxy(const Address& server);
  void Run();
  void Listen();
  void Accept();
  void Switch();
  // Moves what there is; false once the connection is over.
  bool Serve(Connection& connection);
  bool Take(int from, Way& way, bool is_answer);
  static bool Give(int to, Way& way, bool& over);
  static bool HasGone(int client);

  const Address server_;
  int port_ = 0;
  std::atomic<Mode> wanted_ = Mode::kPass;
  std::atomic<std::chrono::milliseconds> delay_ = std::chrono::milliseconds(0);
  std::atomic<bool> stopping_ = false;
  std::atomic<Mode> mode_ = Mode::kPass;
  int listener_ = -1;  // The thread's alone, as what follows.
  std::list<Connection> connections_;
  std::thread thread_;
};

}  // namespace gate

#endif  // TESTS_FAKES_TCP_PROXY_H_
