// Asks one server, with every limit that an answer from outside needs: time, size, no redirects, no
// proxy from the environment. Keeps connections open between requests.
#ifndef GATE_EVIDENCE_HTTP_CLIENT_H_
#define GATE_EVIDENCE_HTTP_CLIENT_H_

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gate/base/mutex.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

struct HttpOptions {
  // Files of secrets are read again for each request, so that they may be rotated.
  std::string bearer_token_file;
  std::string token_scheme = "Bearer";  // Before the token; empty where it stands alone.
  std::string basic_user;               // With its password, in place of a token.
  std::string basic_password_file;
  std::string ca_file;  // Instead of the system's authorities.
  std::string client_certificate_file;
  std::string client_private_key_file;
  std::vector<std::pair<std::string, std::string>> headers;
  size_t max_response_bytes = 16 << 20;
};

// A status and a body; or the reason why there is none.
struct HttpResponse {
  v1::AbsenceReason failure = v1::ABSENCE_REASON_UNSPECIFIED;
  std::string detail;  // Where it failed.
  long status = 0;
  std::string content_type;
  std::string etag;  // As it was sent, with its quotes. Empty: none.
  std::string body;

  bool failed() const { return failure != v1::ABSENCE_REASON_UNSPECIFIED; }
};

// Thread-safe.
class HttpClient {
 public:
  using Form = std::vector<std::pair<std::string, std::string>>;

  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  using Deadline = std::chrono::steady_clock::time_point;

  HttpResponse Post(const std::string& url, const Form& form, Deadline deadline) GATE_EXCLUDES(mu_);
  HttpResponse PostJson(const std::string& url, const std::string& json, Deadline deadline)
      GATE_EXCLUDES(mu_);
  HttpResponse Get(const std::string& url, Deadline deadline) GATE_EXCLUDES(mu_);

 private:
  struct Handle;  // One connection.
  struct Request;
  HttpResponse Send(const Request& request, Deadline deadline) GATE_EXCLUDES(mu_);
  std::unique_ptr<Handle> Take() GATE_EXCLUDES(mu_);
  void Return(std::unique_ptr<Handle> handle) GATE_EXCLUDES(mu_);

  const HttpOptions options_;
  Mutex mu_;
  std::vector<std::unique_ptr<Handle>> idle_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_EVIDENCE_HTTP_CLIENT_H_
