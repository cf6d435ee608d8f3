#include "gate/evidence/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace gate {
namespace {

// Once per process, before the first handle and before other threads use it.
void InitializeCurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)code;
}

struct Body {
  std::string bytes;
  size_t limit;
  bool too_large = false;
};

size_t Append(char* data, size_t, size_t size, void* context) {
  Body& body = *static_cast<Body*>(context);
  if (body.bytes.size() + size > body.limit) {
    body.too_large = true;
    return 0;  // Ends the transfer.
  }
  body.bytes.append(data, size);
  return size;
}

std::string Encode(const HttpClient::Form& form) {
  std::string encoded;
  for (const auto& [key, value] : form) {
    char* escaped = curl_easy_escape(nullptr, value.data(), static_cast<int>(value.size()));
    absl::StrAppend(&encoded, encoded.empty() ? "" : "&", key, "=", escaped ? escaped : "");
    curl_free(escaped);
  }
  return encoded;
}

HttpResponse Denied(const std::string& what, const std::string& path, const char* why) {
  HttpResponse problem;
  problem.failure = v1::ABSENCE_REASON_DENIED;
  problem.detail = absl::StrCat("the ", what, " file ", path, why);
  return problem;
}

// What an administrator wrote into a file; a failure where it cannot be one.
HttpResponse ReadSecret(const std::string& what, const std::string& path, bool (*may_be_in)(char),
                        std::string& secret) {
  std::ifstream file(path, std::ios::binary);
  secret.assign((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  absl::StripAsciiWhitespace(&secret);
  if (!file.is_open()) return Denied(what, path, " cannot be read");
  if (secret.empty()) return Denied(what, path, " is empty");
  if (!std::all_of(secret.begin(), secret.end(), may_be_in)) {
    return Denied(what, path, " holds more than one line or word");
  }
  return {};
}

// The Authorization header, empty where none is wanted; a failure where it cannot be made.
HttpResponse Authorize(const HttpOptions& options, std::string& header) {
  HttpResponse problem;
  std::string secret;
  if (!options.bearer_token_file.empty()) {
    const std::string& scheme = options.token_scheme;
    problem = ReadSecret(
        scheme == "Bearer" ? "bearer token" : "token", options.bearer_token_file,
        [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); }, secret);
    header = absl::StrCat("Authorization: ", scheme, scheme.empty() ? "" : " ", secret);
  } else if (!options.basic_user.empty()) {
    problem = ReadSecret(
        "password", options.basic_password_file,
        [](char c) { return !absl::ascii_iscntrl(static_cast<unsigned char>(c)); }, secret);
    header =
        "Authorization: Basic " + absl::Base64Escape(absl::StrCat(options.basic_user, ":", secret));
  }
  return problem;
}

v1::AbsenceReason ReasonOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return v1::ABSENCE_REASON_TIMEOUT;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return v1::ABSENCE_REASON_MALFORMED;
    default:
      return v1::ABSENCE_REASON_UNREACHABLE;
  }
}

}  // namespace

struct HttpClient::Handle {
  Handle() : curl(curl_easy_init()) {}
  ~Handle() {
    if (curl != nullptr) curl_easy_cleanup(curl);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  CURL* const curl;
};

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) { InitializeCurl(); }
HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Handle> HttpClient::Take() {
  MutexLock lock(mu_);
  if (idle_.empty()) return std::make_unique<Handle>();
  std::unique_ptr<Handle> handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

void HttpClient::Return(std::unique_ptr<Handle> handle) {
  constexpr size_t kMaxIdle = 16;
  MutexLock lock(mu_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(handle));
}

struct HttpClient::Request {
  const std::string& url;
  const std::string* body = nullptr;  // Null: a GET.
  const char* content_type = nullptr;
};

HttpResponse HttpClient::Post(const std::string& url, const Form& form, Deadline deadline) {
  const std::string encoded = Encode(form);
  return Send({url, &encoded, "application/x-www-form-urlencoded"}, deadline);
}

HttpResponse HttpClient::PostJson(const std::string& url, const std::string& json,
                                  Deadline deadline) {
  return Send({url, &json, "application/json"}, deadline);
}

HttpResponse HttpClient::Get(const std::string& url, Deadline deadline) {
  return Send({url}, deadline);
}

HttpResponse HttpClient::Send(const Request& request, Deadline deadline) {
  HttpResponse response;
  const auto fail = [&](v1::AbsenceReason reason, std::string_view detail) {
    response.failure = reason;
    response.detail = std::string(detail);
    return response;
  };
  std::string authorization;
  if (HttpResponse problem = Authorize(options_, authorization); problem.failed()) return problem;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0) return fail(v1::ABSENCE_REASON_TIMEOUT, "no time was left to ask");
  std::unique_ptr<Handle> handle = Take();
  CURL* const curl = handle->curl;
  if (curl == nullptr) return fail(v1::ABSENCE_REASON_INTERNAL, "out of memory");
  curl_easy_reset(curl);  // Keeps the connection.
  Body body{"", options_.max_response_bytes};
  char error[CURL_ERROR_SIZE] = "";
  curl_slist* headers = nullptr;
  if (!authorization.empty()) headers = curl_slist_append(headers, authorization.c_str());
  for (const auto& [name, value] : options_.headers) {
    headers = curl_slist_append(headers, absl::StrCat(name, ": ", value).c_str());
  }
  if (request.body != nullptr) {
    headers =
        curl_slist_append(headers, absl::StrCat("Content-Type: ", request.content_type).c_str());
    headers = curl_slist_append(headers, "Expect:");  // No round trip before a large form.
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body->size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body->c_str());
  }
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  if (!options_.client_certificate_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options_.client_certificate_file.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options_.client_private_key_file.c_str());
  }
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(headers);
  if (body.too_large) {
    return fail(v1::ABSENCE_REASON_TOO_LARGE,
                absl::StrCat("more than ", options_.max_response_bytes >> 20, " MiB"));
  }
  if (code != CURLE_OK) {
    return fail(ReasonOf(code), error[0] != '\0' ? error : curl_easy_strerror(code));
  }
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response.status);
  const char* content_type = nullptr;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &content_type);
  if (content_type != nullptr) response.content_type = content_type;
  curl_header* etag = nullptr;
  if (curl_easy_header(curl, "ETag", 0, CURLH_HEADER, -1, &etag) == CURLHE_OK) {
    response.etag = etag->value;
  }
  response.body = std::move(body.bytes);
  Return(std::move(handle));
  return response;
}

}  // namespace gate
