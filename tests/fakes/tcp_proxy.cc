#include "tests/fakes/tcp_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

namespace gate {
namespace {

using std::chrono::steady_clock;

// How soon a new mode is noticed, and how exact a delay is.
constexpr int kTurnMilliseconds = 5;

void SendAtOnce(int socket) {
  const int yes = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // Not on a unix socket.
  fcntl(socket, F_SETFL, O_NONBLOCK);
}

}  // namespace

TcpProxy::Address TcpProxy::Loopback(int port) {
  Address address;
  auto& in = reinterpret_cast<sockaddr_in&>(address.bytes);
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  in.sin_port = htons(static_cast<uint16_t>(port));
  address.size = sizeof in;
  return address;
}

TcpProxy::Address TcpProxy::UnixSocket(const std::string& path) {
  Address address;
  auto& un = reinterpret_cast<sockaddr_un&>(address.bytes);
  un.sun_family = AF_UNIX;
  path.copy(un.sun_path, sizeof un.sun_path - 1);
  address.size = sizeof un;
  return address;
}

TcpProxy::TcpProxy(const Address& server) : server_(server) {
  Listen();
  thread_ = std::thread([this] { Run(); });
}

TcpProxy::~TcpProxy() {
  stopping_ = true;
  thread_.join();
  for (const Connection& connection : connections_) {
    close(connection.client);
    if (connection.server >= 0) close(connection.server);
  }
  if (listener_ >= 0) close(listener_);
}

void TcpProxy::Set(Mode mode, std::chrono::milliseconds delay) {
  delay_ = delay;
  wanted_ = mode;
  while (mode_ != mode) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// On the same port each time.
void TcpProxy::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int yes = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  Address address = Loopback(port_);
  auto* const bytes = reinterpret_cast<sockaddr*>(&address.bytes);
  if (bind(listener_, bytes, address.size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, bytes, &address.size) != 0) {
    std::abort();
  }
  port_ = ntohs(reinterpret_cast<const sockaddr_in&>(address.bytes).sin_port);
}

void TcpProxy::Run() {
  while (!stopping_) {
    if (wanted_ != mode_) Switch();
    std::vector<pollfd> waiting;
    if (listener_ >= 0) waiting.push_back({listener_, POLLIN, 0});
    for (const Connection& connection : connections_) {
      if (connection.silent) continue;
      const bool nothing = connection.there.bytes.empty() && connection.back.bytes.empty();
      if (!nothing) continue;
      waiting.push_back({connection.client, POLLIN, 0});
      waiting.push_back({connection.server, POLLIN, 0});
    }
    poll(waiting.data(), waiting.size(), kTurnMilliseconds);
    Accept();
    for (auto it = connections_.begin(); it != connections_.end();) {
      if (Serve(*it)) {
        ++it;
        continue;
      }
      close(it->client);
      if (it->server >= 0) close(it->server);
      it = connections_.erase(it);
    }
  }
}

void TcpProxy::Switch() {
  const Mode mode = wanted_;
  if (mode == Mode::kRefuse && listener_ >= 0) {
    close(listener_);
    listener_ = -1;
    for (const Connection& connection : connections_) {
      close(connection.client);
      if (connection.server >= 0) close(connection.server);
    }
    connections_.clear();
  } else if (mode != Mode::kRefuse && listener_ < 0) {
    Listen();
  }
  if (mode == Mode::kSilent) {
    for (Connection& connection : connections_) connection.silent = true;
  }
  mode_ = mode;
}

void TcpProxy::Accept() {
  if (listener_ < 0) return;
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  SendAtOnce(client);
  if (mode_ == Mode::kSilent) {
    connections_.push_back({client, -1, true, {}, {}});
    return;
  }
  const int server = socket(server_.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(server, reinterpret_cast<const sockaddr*>(&server_.bytes), server_.size) != 0) {
    close(server);
    close(client);
    return;
  }
  SendAtOnce(server);
  connections_.push_back({client, server, false, {}, {}});
}

bool TcpProxy::Serve(Connection& connection) {
  // That somebody has given up is heard again once there is a network.
  if (connection.silent) return mode_ == Mode::kSilent || !HasGone(connection.client);
  bool over = !Take(connection.client, connection.there, /*is_answer=*/false);
  over = !Take(connection.server, connection.back, /*is_answer=*/true) || over;
  bool cut = false;
  if (mode_ == Mode::kCut && !connection.back.bytes.empty()) {
    connection.back.bytes.resize(connection.back.bytes.size() / 2);
    cut = true;
  }
  return Give(connection.server, connection.there, over) &&
         Give(connection.client, connection.back, over) && !over && !cut;
}

bool TcpProxy::Take(int from, Way& way, bool is_answer) {
  if (!way.bytes.empty()) return true;
  char buffer[65536];
  const ssize_t got = recv(from, buffer, sizeof buffer, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  way.bytes.assign(buffer, static_cast<size_t>(got));
  const bool late = mode_ == Mode::kDelay && is_answer;
  way.due = steady_clock::now() + (late ? delay_.load() : std::chrono::milliseconds(0));
  return true;
}

// What cannot be sent now stays for the next turn.
bool TcpProxy::Give(int to, Way& way, bool& over) {
  if (way.bytes.empty()) return true;
  if (steady_clock::now() < way.due) {
    over = false;
    return true;
  }
  const ssize_t sent = send(to, way.bytes.data(), way.bytes.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  way.bytes.erase(0, static_cast<size_t>(sent));
  return true;
}

bool TcpProxy::HasGone(int client) {
  char buffer[4096];
  ssize_t got;
  while ((got = recv(client, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
  }
  return got == 0 || (errno != EAGAIN && errno != EINTR);
}

}  // namespace gate
