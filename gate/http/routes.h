// Which path means which call: the table of google.api.http annotations.
#ifndef GATE_HTTP_ROUTES_H_
#define GATE_HTTP_ROUTES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace gate {

// "/v1/{name=verdicts/*}:replay", taken apart. At most one variable, which is all that we use.
struct PathTemplate {
  std::string before;    // "/v1/"
  std::string variable;  // "name"; empty where there is none
  std::string pattern;   // "verdicts/*"
  std::string after;     // ":replay"

  static PathTemplate Parse(std::string_view text);

  // The variable's value (empty where there is none), or nothing where the path is another one. A
  // "*" stands for one segment that is not empty and has no ":".
  std::optional<std::string> Match(std::string_view path) const;
};

struct HttpRoute {
  std::string http_method;  // "GET", "POST"
  PathTemplate path;
  bool body = false;  // Whether the body is the request; else the query has its fields.
  const google::protobuf::MethodDescriptor* call = nullptr;
};

// The calls of the services of gate.v1 in `pool` that have an annotation, in the protos' order. Of
// one that streams requests, a call over HTTP takes one.
std::vector<HttpRoute> HttpRoutes(const google::protobuf::DescriptorPool& pool);

}  // namespace gate

#endif  // GATE_HTTP_ROUTES_H_
