// A slow HTTP client.
#ifndef TESTS_FAKES_HALF_SENT_H_
#define TESTS_FAKES_HALF_SENT_H_

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace gate {

// A connection that has sent half of a request and sends no more.
class HalfSent {
 public:
  explicit HalfSent(const std::string& address) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
      throw std::runtime_error("cannot connect to " + address);
    }
    const std::string half = "POST /v1/verdicts:evaluate HTTP/1.1\r\nContent-Length: 100\r\n\r\n{";
    if (write(socket_, half.data(), half.size()) != static_cast<ssize_t>(half.size())) {
      throw std::runtime_error("cannot write to " + address);
    }
  }
  ~HalfSent() { close(socket_); }
  HalfSent(const HalfSent&) = delete;
  HalfSent& operator=(const HalfSent&) = delete;

 private:
  const int socket_;
};

}  // namespace gate

#endif  // TESTS_FAKES_HALF_SENT_H_
