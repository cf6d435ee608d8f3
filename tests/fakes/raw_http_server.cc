#include "tests/fakes/raw_http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gate {
namespace {

// Until the end of the form that a POST carries.
std::string ReadRequest(int connection) {
  std::string request;
  char buffer[4096];
  while (true) {
    const size_t end = request.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::string head = absl::AsciiStrToLower(request.substr(0, end));
      const size_t length = head.find("content-length: ");
      const size_t wanted =
          length == std::string::npos ? 0 : std::strtoul(head.c_str() + length + 16, nullptr, 10);
      if (request.size() >= end + 4 + wanted) return request;
    }
    const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
    if (got <= 0) return request;
    request.append(buffer, static_cast<size_t>(got));
  }
}

}  // namespace

RawHttpServer::RawHttpServer(Script script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

RawHttpServer::~RawHttpServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  MutexLock lock(mu_);
  for (std::thread& connection : connections_) connection.join();
}

void RawHttpServer::Accept() {
  while (!stopping_) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) continue;
    MutexLock lock(mu_);
    connections_.emplace_back([this, connection] { Serve(connection); });
  }
}

void RawHttpServer::Serve(int connection) {
  const std::string request = ReadRequest(connection);
  ++requests_;
  script_(request, connection);
  close(connection);
}

bool RawHttpServer::Send(int connection, const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t now = send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return false;
    sent += static_cast<size_t>(now);
  }
  return true;
}

std::string RawHttpServer::Response(int status, const std::string& content_type,
                                    const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", status, " Scripted\r\nContent-Type: ", content_type,
                      "\r\nContent-Length: ", body.size(), "\r\nConnection: close\r\n\r\n", body);
}

}  // namespace gate
