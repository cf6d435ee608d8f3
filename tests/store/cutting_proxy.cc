#include "tests/store/cutting_proxy.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

constexpr int kPollMilliseconds = 20;

sockaddr_un Address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

int Listen(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = Address(path);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, 16) != 0) {
    throw std::runtime_error("cannot listen on " + path);
  }
  return fd;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(const PostgresServer& server)
    : upstream_(absl::StrCat(server.socket_folder(), "/.s.PGSQL.", server.port())),
      listener_(Listen(folder_.File(".s.PGSQL.5432"))) {
  acceptor_ = std::thread([this] { Accept(); });
}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  acceptor_.join();
  std::vector<std::thread> connections;
  {
    MutexLock lock(mu_);
    connections.swap(connections_);
  }
  for (std::thread& connection : connections) connection.join();
  close(listener_);
}

std::string CuttingProxy::Url(const std::string& database) const {
  return absl::StrCat("postgresql://postgres@/", database, "?host=", folder_.path(), "&port=5432");
}

void CuttingProxy::Accept() {
  while (!stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, kPollMilliseconds) <= 0) continue;
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    MutexLock lock(mu_);
    connections_.emplace_back([this, client] { Serve(client); });
  }
}

void CuttingProxy::Serve(int client) {
  const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = Address(upstream_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  while (open && !stopping_) {
    std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    poll(ends.data(), ends.size(), kPollMilliseconds);
    // In a query the client says COMMIT, in a command tag the server does.
    if (ends[0].revents != 0) open = Pass(client, server, Cut::kBeforeCommit);
    if (open && ends[1].revents != 0) open = Pass(server, client, Cut::kAfterCommit);
  }
  close(server);
  close(client);
}

bool CuttingProxy::Pass(int from, int to, Cut when) {
  std::array<char, 65536> buffer;
  const ssize_t size = recv(from, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  const std::string_view bytes(buffer.data(), size);
  const Cut cut = cut_;
  const bool here = cut == when || (cut == Cut::kSilence && when == Cut::kAfterCommit);
  if (!here || bytes.find("COMMIT") == bytes.npos) return SendAll(to, bytes);
  cut_ = Cut::kNever;
  ++cuts_;
  // The answer is swallowed; only with kSilence does the connection stay.
  return cut == Cut::kSilence;
}

}  // namespace gate
