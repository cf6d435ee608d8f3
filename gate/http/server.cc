#include "gate/http/server.h"

#include <httplib.h>

#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gate/http/certificates.h"
#include "gate/http/connections.h"
#include "gate/http/peer.h"
#include "gate/listen/address.h"

namespace gate {
namespace {

// httplib matches paths with std::regex, which recurses over what it reads.
constexpr size_t kLongestPath = 2048;
constexpr char kAnyPath[] = "/.*";

HttpCall RequestOf(const httplib::Request& from) {
  HttpCall request;
  request.method = from.method;
  request.path = from.path;
  for (const auto& [name, value] : from.params) request.query.emplace_back(name, value);
  for (const auto& [name, value] : from.headers) {
    request.headers.emplace_back(absl::AsciiStrToLower(name), value);
  }
  request.content_type = from.get_header_value("Content-Type");
  request.request_id = from.get_header_value("X-Request-Id");
  if (request.request_id.size() > 128) request.request_id.clear();
  request.body = from.body;
  const auto [first, last] = from.headers.equal_range("Authorization");
  for (auto header = first; header != last; ++header) {
    request.shown.authorization.push_back(header->second);
  }
  request.shown.actor = from.get_header_value("X-Gate-Actor");
  ShowCertificate(from.ssl, request.shown);
  return request;
}

void Respond(const HttpReply& response, httplib::Response& to) {
  to.status = response.code;
  for (const auto& [name, value] : response.headers) to.set_header(name, value);
  to.set_header("X-Content-Type-Options", "nosniff");
  to.set_content(response.body, response.content_type);
}

// What httplib refuses by itself has no body: the same shape as every other error.
void ExplainRefusal(const httplib::Request&, httplib::Response& response) {
  if (!response.body.empty()) return;
  const char* status = "INVALID_ARGUMENT";
  const char* message = "the request is not proper HTTP/1.1";
  if (response.status == 413) {
    status = "RESOURCE_EXHAUSTED";
    message = "the body is larger than limits.max_message_bytes";
  } else if (response.status == 414) {
    message = "the path is longer than 2048 characters";
  } else if (response.status == 404) {
    status = "NOT_FOUND";
    message = "no such method; GET and POST are served";
  } else if (response.status >= 500) {
    status = "INTERNAL";
    message = "the gate failed; its log says why";
  }
  response.set_content(absl::StrCat(R"({"error":{"code":)", response.status, R"(,"message":")",
                                    message, R"(","status":")", status, R"("}})"),
                       "application/json");
}

void Bound(const HttpBounds& bounds, httplib::Server& server) {
  server.new_task_queue = [threads = bounds.connections] { return new Connections(threads); };
  server.set_payload_max_length(static_cast<size_t>(bounds.body_bytes));
  server.set_read_timeout(bounds.seconds);
  server.set_write_timeout(bounds.seconds);
  server.set_keep_alive_timeout(bounds.seconds);
  server.set_keep_alive_max_count(10'000);
  server.set_tcp_nodelay(true);
  // Without SO_REUSEPORT, which httplib sets by itself: two servers would share one port in
  // silence.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
}

void Route(const HttpServer::Handler& handler, httplib::Server& server) {
  const auto serve = [handler](const httplib::Request& request, httplib::Response& response) {
    Respond(handler(RequestOf(request)), response);
  };
  server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    if (request.path.size() <= kLongestPath) return httplib::Server::HandlerResponse::Unhandled;
    response.status = 414;
    return httplib::Server::HandlerResponse::Handled;
  });
  server.Get(kAnyPath, serve);
  server.Post(kAnyPath, serve);
  server.set_error_handler([](const httplib::Request& request, httplib::Response& response) {
    ExplainRefusal(request, response);
  });
}

}  // namespace

struct HttpServer::Parts {
  std::unique_ptr<Certificates> certificates;  // Before the server that uses them.
  std::unique_ptr<httplib::Server> server;
  std::thread thread;
  std::string address;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const config::v1::Listener& listener,
                                                              const HttpBounds& bounds,
                                                              Handler handler) {
  const absl::StatusOr<Address> address = ParseAddress(listener.address());
  if (!address.ok()) return address.status();
  if (!address->unix_path.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "HTTP is not served on unix sockets: ", listener.address(), "; write \"host:port\""));
  }
  auto parts = std::make_unique<Parts>();
  if (listener.has_tls()) {
    parts->certificates = std::make_unique<Certificates>(listener.tls());
    absl::Status installed;
    parts->server = std::make_unique<httplib::SSLServer>([&](SSL_CTX& context) {
      installed = parts->certificates->Install(context);
      return installed.ok();
    });
    if (!installed.ok()) return installed;
  } else {
    parts->server = std::make_unique<httplib::Server>();
  }
  Bound(bounds, *parts->server);
  Route(handler, *parts->server);
  int port = address->port;
  if (port == 0) {
    port = parts->server->bind_to_any_port(address->host);
  } else if (!parts->server->bind_to_port(address->host, port)) {
    port = -1;
  }
  if (port <= 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen for HTTP on ", listener.address(),
                     ": it is taken by another process, or not an address of this machine"));
  }
  parts->address = WithPort(listener.address(), port);
  parts->thread = std::thread([server = parts->server.get()] { server->listen_after_bind(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

HttpServer::~HttpServer() {
  // stop() does nothing to a server whose thread has not come to listen yet.
  while (!parts_->server->is_running()) std::this_thread::yield();
  parts_->server->stop();
  parts_->thread.join();
}

const std::string& HttpServer::address() const { return parts_->address; }

}  // namespace gate
