#include "gate/http/api_handler.h"

#include <chrono>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gate/api/status.h"
#include "gate/base/field_error.h"
#include "gate/http/openapi.h"
#include "gate/http/transcode.h"
#include "google/protobuf/message.h"

namespace gate {
namespace {

using google::protobuf::Message;

// As long as a gRPC caller without a deadline gets.
constexpr std::chrono::seconds kLongestCall{60};

HttpReply ErrorResponse(const absl::Status& status) {
  HttpReply response;
  response.code = HttpCode(status.code());
  response.body = ErrorJson(status);
  if (absl::IsUnauthenticated(status)) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status.GetPayload(kRetryInfoUrl)) response.headers.emplace_back("Retry-After", "1");
  return response;
}

HttpReply WrongMethod(const std::string& path, const std::string& allowed) {
  HttpReply response = ErrorResponse(WithReason(
      absl::UnimplementedError(absl::StrCat(path, " takes ", allowed, " only")), "WRONG_METHOD"));
  response.code = 405;
  response.headers.emplace_back("Allow", allowed);
  return response;
}

// A page of another site can make a browser post text, but not JSON, without being asked first.
bool IsJson(const std::string& content_type) {
  const std::string type = absl::AsciiStrToLower(content_type.substr(0, content_type.find(';')));
  return std::string(absl::StripAsciiWhitespace(type)) == "application/json";
}

absl::Status Fill(const HttpRoute& route, const std::string& variable, const HttpCall& request,
                  Message& message) {
  if (route.body) {
    if (!IsJson(request.content_type)) {
      return InvalidFields({{"Content-Type", "must be application/json"}});
    }
    if (absl::Status status = ParseJson(request.body, message); !status.ok()) return status;
  }
  for (const auto& [name, value] : request.query) {
    if (absl::Status status = SetField(name, value, message); !status.ok()) return status;
  }
  if (route.path.variable.empty()) return absl::OkStatus();
  return SetField(route.path.variable, variable, message);
}

}  // namespace

ApiHandler::ApiHandler(Api& api)
    : api_(api),
      routes_(HttpRoutes(*google::protobuf::DescriptorPool::generated_pool())),
      openapi_(OpenApiDocument([&api](std::string_view call) { return api.Serves(call); })) {}

HttpReply ApiHandler::Serve(const HttpCall& request) const {
  if (request.path == "/v1/openapi.json") {
    if (request.method != "GET") return WrongMethod(request.path, "GET");
    HttpReply response;
    response.body = openapi_;
    return response;
  }
  std::string allowed;
  for (const HttpRoute& route : routes_) {
    const std::optional<std::string> variable = route.path.Match(request.path);
    if (!variable) continue;
    if (route.http_method == request.method) return Call(route, *variable, request);
    absl::StrAppend(&allowed, allowed.empty() ? "" : ", ", route.http_method);
  }
  if (!allowed.empty()) return WrongMethod(request.path, allowed);
  return ErrorResponse(
      NoSuch(request.path, "NO_SUCH_PATH", "/v1/openapi.json describes the paths that do"));
}

HttpReply ApiHandler::Call(const HttpRoute& route, const std::string& variable,
                           const HttpCall& request) const {
  auto* const messages = google::protobuf::MessageFactory::generated_factory();
  const std::unique_ptr<Message> asked(messages->GetPrototype(route.call->input_type())->New());
  const std::unique_ptr<Message> answer(messages->GetPrototype(route.call->output_type())->New());
  const CallContext call{std::chrono::steady_clock::now() + kLongestCall, request.request_id, "",
                         request.shown};
  const std::string& name = route.call->full_name();
  absl::Status status =
      api_.Serves(name) ? Fill(route, variable, request, *asked) : absl::OkStatus();
  if (status.ok()) status = api_.Call(name, call, *asked, *answer);
  if (!status.ok()) return ErrorResponse(status);
  HttpReply response;
  response.body = ToJson(*answer);
  return response;
}

}  // namespace gate
