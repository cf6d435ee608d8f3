// The OpenAPI 3 document of the HTTP API, from the protos and their comments: it cannot be out of
// step.
#ifndef GATE_HTTP_OPENAPI_H_
#define GATE_HTTP_OPENAPI_H_

#include <functional>
#include <string>
#include <string_view>

namespace gate {

// Only the calls for which `serves` is true ("gate.v1.Gate.GetVerdict"): what answers UNIMPLEMENTED
// is not advertised.
std::string OpenApiDocument(const std::function<bool(std::string_view)>& serves);

}  // namespace gate

#endif  // GATE_HTTP_OPENAPI_H_
