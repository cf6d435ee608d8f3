// The API as JSON over HTTP, under /v1/.
#ifndef GATE_HTTP_API_HANDLER_H_
#define GATE_HTTP_API_HANDLER_H_

#include <string>
#include <vector>

#include "gate/api/api.h"
#include "gate/http/routes.h"
#include "gate/http/server.h"

namespace gate {

// Thread-safe.
class ApiHandler {
 public:
  // `api` outlives it.
  explicit ApiHandler(Api& api);

  // Answers every path: with the call's response, or with an error that says what is there.
  HttpReply Serve(const HttpCall& request) const;

 private:
  HttpReply Call(const HttpRoute& route, const std::string& variable,
                 const HttpCall& request) const;

  Api& api_;
  const std::vector<HttpRoute> routes_;
  const std::string openapi_;
};

}  // namespace gate

#endif  // GATE_HTTP_API_HANDLER_H_
